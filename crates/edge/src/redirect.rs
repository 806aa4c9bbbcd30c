//! Plain HTTP on a server with names: every request is sent to the same place over HTTPS.

use http::header::{CONTENT_TYPE, HOST, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt, Full};

use crate::authority;
use crate::content::{Body, Nothing};

/// A certificate authority asks for these over plain HTTP.
pub(crate) const CHALLENGES: &str = "/.well-known/acme-challenge/";

/// The names this server has, and the port on which it speaks HTTPS.
#[derive(Debug)]
pub(crate) struct Redirect {
    domains: Vec<String>,
    port: u16,
}

impl Redirect {
    /// `domains` is not empty.
    pub(crate) fn new(domains: Vec<String>, port: u16) -> Self {
        Self { domains, port }
    }

    /// The same for other names.
    pub(crate) fn renamed(&self, domains: &[String]) -> Self {
        Self::new(domains.to_vec(), self.port)
    }

    /// The name under which the request shall come again; `None` for those that plain HTTP is right for.
    pub(crate) fn domain(&self, head: &Parts) -> Option<&str> {
        if head.uri.path().starts_with(CHALLENGES) {
            return None;
        }
        let asked = head
            .headers
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .map(authority::host);
        // A host that is not ours must not be repeated: caches might keep the answer for others.
        let own = self
            .domains
            .iter()
            .find(|domain| asked.is_some_and(|host| domain.eq_ignore_ascii_case(host)));
        own.or(self.domains.first()).map(String::as_str)
    }

    /// The same place under this name.
    pub(crate) fn location(&self, head: &Parts, domain: &str) -> Option<HeaderValue> {
        let port = if self.port == 443 {
            String::new()
        } else {
            format!(":{}", self.port)
        };
        let target = head
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        HeaderValue::try_from(format!("https://{domain}{port}{target}")).ok()
    }
}

/// 308: the method and the body stay what they were.
pub(crate) fn answer(location: HeaderValue) -> Response<Body> {
    let mut response = Response::new(Body::new(Nothing));
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, location);
    response
}

/// What an authority asked for (RFC 8555 §8.3).
pub(crate) fn proof(text: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(
        Full::from(text)
            .map_err(|never| match never {})
            .boxed_unsync(),
    );
    let kind = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
