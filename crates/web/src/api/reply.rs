//! JSON answers, written straight into the bytes that are sent.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

use crate::extract::entity_tag;
use crate::json;

/// Headers of an answer, those that the layers and the edge add to it included: room for all from the beginning.
const HEADERS: usize = 12;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// 200 with the value as JSON; `size` is a guess that spares the buffer from growing.
pub(super) fn json(value: &impl Serialize, size: usize) -> Response {
    let mut bytes = Vec::with_capacity(size);
    json::write(value, &mut bytes);
    let mut response = Response::new(Body::from(bytes));
    let json = HeaderValue::from_static("application/json");
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(CONTENT_TYPE, json);
    response
}

/// Makes the answer a 201 that says where the new thing is, and whether it was made before.
pub(super) fn created(mut response: Response, address: &str, is_repeated: bool) -> Response {
    *response.status_mut() = StatusCode::CREATED;
    let headers = response.headers_mut();
    let address =
        HeaderValue::from_str(address).expect("the address of a number is a header value");
    headers.insert(LOCATION, address);
    if is_repeated {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// Gives the answer its entity tag.
pub(super) fn tagged(mut response: Response, version: i64) -> Response {
    response.headers_mut().insert(ETAG, entity_tag(version));
    response
}
