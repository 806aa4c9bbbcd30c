//! Compressing answers for clients that take it.

mod encoder;
mod shrinking;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, COOKIE, ETAG, VARY,
};
use http::request::Parts;
use http::response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Version};
use http_body::Body as _;

use crate::codings::{Coding, Codings};
use crate::content::{Body, Nothing};
use crate::headers::is_unbuffered;
use crate::media_type;
use encoder::Encoder;
use shrinking::Shrinking;

/// Of codings that a client likes alike, which is taken: by bytes saved for the time spent.
const ORDER: [Coding; 3] = [Coding::Zstd, Coding::Brotli, Coding::Gzip];

/// Shorter answers fit one packet as they are.
const LEAST: u64 = 1024;

/// Answers compressed at a time by the whole process; more are sent as they are. Each takes up to 1.5 MB.
const MOST: usize = 128;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Headers that hold a digest of the bytes as they were.
const DIGESTS: [HeaderName; 3] = [
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("digest"),
];

/// How an answer to one request may be compressed; read before the request is handed on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    is_on: bool,
    is_head: bool,
    coding: Option<Coding>,
}

impl Terms {
    /// `version` is the client's own; `is_secure` says whether it spoke TLS.
    pub(crate) fn read(head: &Parts, codings: Codings, version: Version, is_secure: bool) -> Self {
        let coding = codings.in_order(ORDER).next();
        Self {
            // HTTP/1.0 knows no chunks.
            is_on: version != Version::HTTP_10,
            is_head: head.method == Method::HEAD,
            coding: coding.filter(|_| !(is_secure && is_exposed(&head.headers))),
        }
    }

    /// No answer is compressed.
    pub(crate) const OFF: Self = Self {
        is_on: false,
        is_head: false,
        coding: None,
    };

    /// The answer, compressed if that is worth it.
    pub(crate) fn apply(self, response: Response<Body>, running: &Arc<Running>) -> Response<Body> {
        let length = response.body().size_hint().exact();
        if !self.is_on || (!self.is_head && length.is_some_and(|length| length < LEAST)) {
            return response;
        }
        let (mut head, body) = response.into_parts();
        if !is_worth_it(&head, self.is_head) {
            return Response::from_parts(head, body);
        }
        vary(&mut head.headers);
        let Some(coding) = self.coding else {
            return Response::from_parts(head, body);
        };
        if self.is_head {
            describe(&mut head.headers, coding);
            // The length of a body that is not sent would be stated for the compressed one.
            return Response::from_parts(head, Body::new(Nothing));
        }
        let Some((encoder, place)) = running
            .enter()
            .and_then(|place| Some((Encoder::new(coding, length).ok()?, place)))
        else {
            return Response::from_parts(head, body);
        };
        describe(&mut head.headers, coding);
        Response::from_parts(head, Body::new(Shrinking::new(body, encoder, place)))
    }
}

/// Whether another site might have made the browser send this request with its user's rights. Whoever can do that
/// and watch the lengths of answers can find a secret in them letter by letter, if what the request says comes back
/// beside it (BREACH). Browsers say who asks since 2023; a request with rights of which nobody says that the site
/// itself or the user asks counts as exposed. A bearer's token is never sent by a browser on its own.
fn is_exposed(headers: &HeaderMap) -> bool {
    let is_bearer = |value: &HeaderValue| {
        let scheme = value.as_bytes().get(..7);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
    };
    let has_rights = headers.contains_key(COOKIE)
        || headers
            .get(AUTHORIZATION)
            .is_some_and(|value| !is_bearer(value));
    let asker = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
    has_rights && !matches!(asker, Some(b"same-origin" | b"none"))
}

/// Whether the answer is a long enough text, whole, and nobody objects.
fn is_worth_it(head: &response::Parts, is_head: bool) -> bool {
    use StatusCode as S;
    let headers = &head.headers;
    let status = head.status;
    let is_whole = !status.is_informational()
        && ![S::NO_CONTENT, S::PARTIAL_CONTENT, S::NOT_MODIFIED].contains(&status)
        && !headers.contains_key(CONTENT_RANGE);
    let stated = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    // An answer to `HEAD` that states no length may stand for one of any length, as that to `GET` would.
    let is_long = stated.is_none_or(|length| length >= LEAST) && (!is_head || status.is_success());
    let media = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    is_whole
        && is_long
        && media.is_some_and(media_type::is_text)
        && !headers.contains_key(CONTENT_ENCODING)
        && !may_not_be_transformed(headers)
        && !is_unbuffered(headers)
        && !DIGESTS.iter().any(|name| headers.contains_key(name))
}

fn may_not_be_transformed(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(CACHE_CONTROL).iter();
    let mut words = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    words.any(|word| word.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
}

/// Says that the client's codings decide, unless that is said already.
fn vary(headers: &mut HeaderMap) {
    let lines = headers.get_all(VARY).iter();
    let mut words = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    let is_said = words.any(|word| {
        let word = word.trim_ascii();
        word == b"*" || word.eq_ignore_ascii_case(b"accept-encoding")
    });
    if !is_said {
        headers.append(VARY, HeaderValue::from_static("accept-encoding"));
    }
}

/// What is no longer true of the compressed answer is taken back: its length, its parts, and that the tag stands for
/// these very bytes.
fn describe(headers: &mut HeaderMap, coding: Coding) {
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    headers.remove(CONTENT_LENGTH);
    headers.remove(ACCEPT_RANGES);
    if let Some(tag) = headers.get(ETAG)
        && !tag.as_bytes().starts_with(b"W/")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag.as_bytes()].concat())
    {
        headers.insert(ETAG, weak);
    }
}

/// How many answers are being compressed.
#[derive(Debug, Default)]
pub(crate) struct Running(AtomicUsize);

/// One answer's place; dropping it makes room.
#[derive(Debug)]
struct Place(Arc<Running>);

impl Running {
    fn enter(self: &Arc<Self>) -> Option<Place> {
        // Counted first, and given back by the drop when it was one too many.
        let place = Place(Arc::clone(self));
        (self.0.fetch_add(1, Relaxed) < MOST).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests;
