//! Which host a request is for: named once, well formed, and served by the certificate that was shown.

use http::Version;
use http::header::HOST;
use http::request::Parts;

use crate::authority::{self, is_authority};
use crate::error::{self, Refusal};
use crate::link::Session;

/// The request's authority: that of its target where it has one, else its `Host` header. Empty only on HTTP/1.0.
pub(super) fn authority(head: &Parts) -> Result<&str, &'static Refusal> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(&error::HOST_TWICE);
    }
    let host = host.map(|host| {
        host.to_str()
            .ok()
            .filter(|host| is_authority(host))
            .ok_or(&error::HOST_MALFORMED)
    });
    let host = host.transpose()?;
    match (head.uri.authority(), host) {
        (Some(target), _) if !is_authority(target.as_str()) => Err(&error::HOST_MALFORMED),
        // On HTTP/2 both say the same thing; on HTTP/1 a target with an authority overrules the header (RFC 9112 §3.2.2).
        (Some(target), Some(host))
            if head.version == Version::HTTP_2 && target.as_str() != host =>
        {
            Err(&error::HOST_CONTRADICTS)
        }
        (Some(target), _) => Ok(target.as_str()),
        (None, Some(host)) => Ok(host),
        (None, None) if head.version == Version::HTTP_10 => Ok(""),
        (None, None) => Err(&error::HOST_MISSING),
    }
}

/// Whether the certificate shown to the client is right for the host. A client that named none cannot be misled.
pub(super) fn served_by(authority: &str, session: &Session) -> Result<(), &'static Refusal> {
    let Some(server_name) = &session.server_name else {
        return Ok(());
    };
    let host = authority::host(authority);
    let is_served = authority.is_empty()
        || host.eq_ignore_ascii_case(server_name)
        || session.served.names.cover(host) && session.served.names.cover(server_name);
    if is_served {
        Ok(())
    } else {
        Err(&error::MISDIRECTED)
    }
}
