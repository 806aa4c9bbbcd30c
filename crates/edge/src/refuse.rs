//! The answers that the edge makes itself.

use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_RANGE, CONTENT_TYPE, RETRY_AFTER, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full};

use crate::config::Language;
use crate::content::Body;
use crate::error::{self, Refusal, Refused, Retry};
use crate::error_page;
use crate::exchange::Exchange;
use traffic::RequestId;

/// Tells whoever looks after this server, and nobody else, what happened.
pub(crate) const WHY: HeaderName = HeaderName::from_static("x-pendopo-why");

/// The answer to a refused request: a page for readers, problem+json (RFC 9457) for programs.
pub(crate) fn respond(
    exchange: &Exchange,
    reader: Option<Language>,
    refused: &Refused,
) -> Response<Body> {
    let refusal = refused.refusal;
    exchange.because(refusal.cause);
    exchange.link.shared().metrics.refused(refusal);
    let id = exchange.client.request_id;
    let (text, media_type) = text(refused, reader, Some(exchange.path()), id);
    let mut response = Response::new(
        Full::new(Bytes::from(text))
            .map_err(|never| match never {})
            .boxed_unsync(),
    );
    *response.status_mut() = refusal.status;
    describe(
        response.headers_mut(),
        media_type,
        refused,
        exchange.version,
    );
    if exchange.rules.explains_to(exchange.client.address)
        && let Ok(why) = HeaderValue::try_from(exchange.explanation())
    {
        response.headers_mut().insert(WHY, why);
    }
    response
}

/// The page or the problem document, and its media type.
pub(crate) fn text(
    refused: &Refused,
    reader: Option<Language>,
    path: Option<&str>,
    id: RequestId,
) -> (Vec<u8>, &'static str) {
    let (refusal, detail) = (refused.refusal, refused.detail());
    let (code, _) = kind(refusal.status);
    match reader {
        Some(language) => (
            error_page::render(refusal, &detail, (code, language), id),
            "text/html; charset=utf-8",
        ),
        None => (
            problem(refusal, &detail, path, id),
            "application/problem+json",
        ),
    }
}

/// What is said of the answer, whichever form it has.
pub(crate) fn describe(
    headers: &mut HeaderMap,
    media_type: &'static str,
    refused: &Refused,
    version: Version,
) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept, accept-language"));
    if refused.refusal.status == StatusCode::METHOD_NOT_ALLOWED {
        let is_file = refused.refusal.cause == error::FILE_METHOD.cause;
        let allowed = if is_file {
            "GET, HEAD"
        } else {
            "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
        };
        headers.insert(ALLOW, HeaderValue::from_static(allowed));
    }
    if refused.why.is_some() {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("60"));
    }
    if let Some(length) = refused.length
        && let Ok(place) = HeaderValue::try_from(format!("bytes */{length}"))
    {
        headers.insert(CONTENT_RANGE, place);
    }
    if let Some(retry) = &refused.retry {
        tell_when(headers, retry);
    } else if version != Version::HTTP_2 && !is_understood(refused.refusal) {
        // What follows a request that was misread might be misread as well.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// Whether the request was understood, and only its answer could not be had.
fn is_understood(refusal: &Refusal) -> bool {
    use StatusCode as S;
    [
        S::FORBIDDEN,
        S::NOT_FOUND,
        S::PRECONDITION_FAILED,
        S::RANGE_NOT_SATISFIABLE,
        S::BAD_GATEWAY,
        S::SERVICE_UNAVAILABLE,
        S::GATEWAY_TIMEOUT,
    ]
    .contains(&refusal.status)
}

/// The same members as the problems of the API, so that a client needs one reader for both.
fn problem(refusal: &Refusal, detail: &str, path: Option<&str>, id: RequestId) -> Vec<u8> {
    let (code, title) = kind(refusal.status);
    let mut problem = serde_json::json!({
        "type": format!("/problems/{code}"),
        "title": title,
        "status": refusal.status.as_u16(),
        "detail": detail,
        "code": code,
        "cause": refusal.cause,
        "request_id": id.to_string(),
        "errors": [],
    });
    if let Some(path) = path {
        problem["instance"] = path.into();
    }
    problem.to_string().into_bytes()
}

/// The kinds of problem that the API's pages explain, as far as the edge meets them.
fn kind(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "The method is not allowed here"),
        StatusCode::FORBIDDEN => ("forbidden", "This is not allowed"),
        StatusCode::PRECONDITION_FAILED => ("changed", "It was changed by somebody else"),
        StatusCode::RANGE_NOT_SATISFIABLE => ("range", "The range lies beyond the end"),
        StatusCode::NOT_FOUND => ("not_found", "There is no such thing"),
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
            ("unavailable", "Please come back a little later")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The body is too large"),
        StatusCode::TOO_MANY_REQUESTS => ("too_many", "Too many requests"),
        StatusCode::INTERNAL_SERVER_ERROR => ("internal", "Something went wrong here"),
        _ => ("malformed", "The request can't be read"),
    }
}

/// `Retry-After` in whole seconds, and the limit as draft-ietf-httpapi-ratelimit-headers writes it.
fn tell_when(headers: &mut HeaderMap, retry: &Retry) {
    let seconds = retry.after.as_secs() + u64::from(retry.after.subsec_nanos() > 0);
    let seconds = seconds.max(1);
    headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    let window = retry.interval.as_secs().max(1);
    let quota =
        (Duration::from_secs(window).as_micros() / retry.interval.as_micros().max(1)).max(1);
    let name = &retry.limit;
    let policy = format!("\"{name}\";q={quota};w={window}");
    let left = format!("\"{name}\";r=0;t={seconds}");
    for (name, text) in [("ratelimit-policy", policy), ("ratelimit", left)] {
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
