//! What the edge takes out of requests, and what it puts into answers.

mod present;
mod security;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, Version};
use traffic::RequestId;

pub(crate) use present::{Present, Told, look};
pub(crate) use security::SecurityHeaders;

const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request its plain form: a path as target, one `Host`, a length in plain digits, and no header that
/// speaks of this connection or claims what only the edge may say. Returns how many headers that were no part of
/// HTTP's own business were dropped.
pub(crate) fn plain(head: &mut Parts, present: Present) -> u64 {
    if let Some(authority) = head.uri.authority() {
        let host = HeaderValue::from_str(authority.as_str()).ok();
        host.map(|host| head.headers.insert(HOST, host));
        head.uri = head
            .uri
            .path_and_query()
            .cloned()
            .map(Uri::from)
            .unwrap_or_default();
    }
    if present.has(&CONTENT_LENGTH) {
        plain_length(&mut head.headers);
    }
    if present.has(&COOKIE) {
        join_cookies(&mut head.headers);
    }
    head.version = Version::HTTP_11;
    if present.has_doomed() {
        drop_doomed(&mut head.headers)
    } else {
        0
    }
}

fn drop_doomed(headers: &mut HeaderMap) -> u64 {
    let own = headers.keys().filter(|name| is_doomed(name));
    let doomed: Vec<HeaderName> = own.cloned().chain(nominated(headers)).collect();
    let mut dropped = 0;
    for name in doomed {
        dropped += u64::from(headers.remove(&name).is_some() && is_suspect(name.as_str()));
    }
    dropped
}

/// Whether a header is for this connection only, or is one that only the edge may say.
fn is_doomed(name: &HeaderName) -> bool {
    let name = name.as_str();
    is_hop_by_hop(name) || is_claim(name) || is_suspect(name)
}

/// RFC 9110 §7.6.1.
fn is_hop_by_hop(name: &str) -> bool {
    matches!(
        name,
        "connection" | "keep-alive" | "te" | "trailer" | "transfer-encoding" | "upgrade"
    ) || matches!(
        name,
        "proxy-authenticate" | "proxy-authorization" | "proxy-connection"
    )
}

/// The names by which proxies pass on who the client is.
fn is_claim(name: &str) -> bool {
    name == "forwarded"
        || name.starts_with("x-forwarded-")
        || name == "x-real-ip"
        || name == "x-request-id"
}

/// `Proxy`, which CGI turns into `HTTP_PROXY`, names with `_`, which gateways take for ones with `-`, and names that
/// a lenient server may take for those that say where the body ends.
fn is_suspect(name: &str) -> bool {
    name == "proxy" || name.as_bytes().contains(&b'_') || is_framing_in_disguise(name)
}

/// The letters of a framing header with other signs between them.
fn is_framing_in_disguise(name: &str) -> bool {
    let spells = |word: &str| {
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        letters.eq(word.bytes())
    };
    let is_real = matches!(name, "content-length" | "transfer-encoding");
    !is_real && (spells("contentlength") || spells("transferencoding"))
}

/// Whether anything in an answer was said to the edge alone.
pub(crate) fn has_private(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| is_hop_by_hop(name.as_str()))
}

/// Takes out of an answer what its sender said to the edge alone.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let nominated = nominated(headers);
    let own = headers.keys().filter(|name| is_hop_by_hop(name.as_str()));
    let doomed: Vec<_> = own.cloned().chain(nominated).collect();
    for name in doomed {
        headers.remove(name);
    }
}

/// Whether an answer must reach its client part by part as it comes: a stream of events, or one that says so in the
/// way that nginx knows.
pub(crate) fn is_unbuffered(answer: &HeaderMap) -> bool {
    has_type(answer, "text/event-stream")
        || answer
            .get(ACCEL_BUFFERING)
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"no"))
}

/// Whether the content is of this type, or of one that adds something to it with `+` or `;`.
pub(crate) fn has_type(headers: &HeaderMap, wanted: &str) -> bool {
    let Some(stated) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    let stated = stated.as_bytes();
    stated
        .get(..wanted.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(wanted.as_bytes()))
        && matches!(stated.get(wanted.len()), None | Some(b'+' | b';' | b' '))
}

/// Which trailers are passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trailers {
    /// gRPC's own.
    Grpc,
    /// A gRPC call's, whose application adds its own.
    Call,
}

impl Trailers {
    /// Those that are safe to pass on. Nothing that belongs into a head, or concerns one connection, is: somebody
    /// might take it for part of the head.
    pub(crate) fn of(self, trailers: &HeaderMap) -> Option<HeaderMap> {
        let mut kept = HeaderMap::new();
        for (name, value) in trailers {
            let is_own = name.as_str().starts_with("grpc-");
            if is_own || self == Self::Call && !is_of_a_head(name) {
                kept.append(name, value.clone());
            }
        }
        (!kept.is_empty()).then_some(kept)
    }
}

fn is_of_a_head(name: &HeaderName) -> bool {
    let text = name.as_str();
    is_doomed(name)
        || is_kept(name)
        || text.starts_with("content-")
        || text.starts_with("access-control-")
        || matches!(
            text,
            "set-cookie" | "location" | "cache-control" | "expires" | "vary" | "etag"
        )
}

/// What the `Connection` header names, but for headers without which the request would be another one.
fn nominated(headers: &HeaderMap) -> Vec<HeaderName> {
    let lists = headers.get_all(CONNECTION).iter();
    let words = lists.flat_map(|list| list.as_bytes().split(|&byte| byte == b','));
    let names = words.filter_map(|word| HeaderName::from_bytes(word.trim_ascii()).ok());
    names.filter(|name| !is_kept(name)).collect()
}

fn is_kept(name: &HeaderName) -> bool {
    use http::header::{AUTHORIZATION, IF_MATCH, ORIGIN};
    [
        HOST,
        AUTHORIZATION,
        COOKIE,
        CONTENT_LENGTH,
        CONTENT_TYPE,
        IF_MATCH,
        ORIGIN,
    ]
    .contains(name)
        || name.as_str().starts_with("sec-")
}

/// `0005` and `5` are one number to us; whoever comes next shall not have to agree.
fn plain_length(headers: &mut HeaderMap) {
    let Some(length) = headers.get(CONTENT_LENGTH) else {
        return;
    };
    if length.as_bytes().first() == Some(&b'0') && length.len() > 1 {
        let number = length
            .to_str()
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(number));
    }
}

/// HTTP/2 may send each cookie apart (RFC 9113 §8.2.3). On HTTP/1 nobody should, and servers differ in how they put
/// such a list together.
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    let crumbs: Vec<_> = headers
        .get_all(COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    let joined = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]));
    if let Ok(joined) = joined {
        headers.insert(COOKIE, joined);
    }
}

/// A request's name as a header. It is called sensitive, since HTTP/2 would else keep each in the table of values that
/// may come again: this one never does, and would push out those that do.
pub(crate) fn request_id(id: RequestId) -> HeaderValue {
    let mut value = HeaderValue::from_maybe_shared(Bytes::copy_from_slice(&id_text(id)))
        .expect("digits may stand in a header");
    value.set_sensitive(true);
    value
}

/// The 32 digits of a request's name, without the formatting machinery, which takes longer than the rest of a header.
pub(crate) fn id_text(id: RequestId) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(id.0.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

#[cfg(test)]
mod tests;
