//! Refuses changes that a browser asks for on behalf of another site's page.
//!
//! The rule is that of Go 1.25's `http.CrossOriginProtection`: a look is always allowed; else `Sec-Fetch-Site` decides;
//! without it `Origin` must be this server's own; a request with neither was sent by no browser of the last years.
//! A request with an API token is exempt, since a browser adds no token by itself.

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, Method, Request};
use traffic::Client;

use crate::error::Error;
use crate::problem::Problem;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a change that another site asks for.
pub(crate) fn check<B>(request: &Request<B>, client: &Client) -> Result<(), Error> {
    let is_look = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    let headers = request.headers();
    if is_look || headers.contains_key(AUTHORIZATION) {
        return Ok(());
    }
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return allow(site == "same-origin" || site == "none");
    }
    match headers.get(ORIGIN) {
        None => Ok(()),
        Some(origin) => {
            let own = authority_of(request.uri().authority(), headers);
            allow(
                origin
                    .to_str()
                    .is_ok_and(|origin| is_own(origin, own.as_ref(), client.secure)),
            )
        }
    }
}

/// The name and port that the client asked for.
pub(crate) fn authority(parts: &Parts) -> Option<Authority> {
    authority_of(parts.uri.authority(), &parts.headers)
}

fn authority_of(authority: Option<&Authority>, headers: &HeaderMap) -> Option<Authority> {
    authority
        .cloned()
        .or_else(|| headers.get(HOST)?.to_str().ok()?.parse().ok())
}

/// Whether the origin has our scheme, name and port. Behind a proxy that nobody told us to trust we do not know
/// of TLS: there a page from `https` may well be ours; one from `http` is never ours when the client came by TLS.
fn is_own(origin: &str, own: Option<&Authority>, is_secure: bool) -> bool {
    let (Some((scheme, origin)), Some(own)) = (origin.split_once("://"), own) else {
        return false;
    };
    let default_port = match scheme {
        "https" => 443,
        "http" if !is_secure => 80,
        _ => return false,
    };
    let Ok(origin) = origin.parse::<Authority>() else {
        return false;
    };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default_port);
    origin.host().eq_ignore_ascii_case(own.host()) && port(&origin) == port(own)
}

fn allow(is_allowed: bool) -> Result<(), Error> {
    if is_allowed {
        return Ok(());
    }
    Err(Error::new(
        &Problem::CROSS_ORIGIN,
        "a page of another site sent this request",
    ))
}

#[cfg(test)]
mod tests;
