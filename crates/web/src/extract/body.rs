//! A request's body, read into memory up to a limit.

use axum::body::{Body, Bytes};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use crate::error::Error;
use crate::problem::Problem;

/// The most bytes of a body: far more than the largest valid message or form.
pub(super) const MOST_BYTES: usize = 64 * 1024;

/// The whole body. One that says beforehand that it is too large is refused unread.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Error> {
    let stated = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let stated = stated.and_then(|text| text.parse::<u64>().ok());
    if stated.is_some_and(|bytes| bytes > MOST_BYTES as u64) {
        return Err(too_large());
    }
    match Limited::new(body, MOST_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(Error::new(
            &Problem::MALFORMED,
            "the body ended before it was complete",
        )),
    }
}

fn too_large() -> Error {
    Error::new(
        &Problem::TOO_LARGE,
        format!("the body has more than {MOST_BYTES} bytes"),
    )
}

/// Whether the body is said to be one of `accepted`; parameters such as `charset` do not matter.
pub(super) fn is_type(headers: &HeaderMap, accepted: &[&str]) -> bool {
    let stated = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = stated
        .and_then(|text| text.split(';').next())
        .map(str::trim);
    essence.is_some_and(|essence| accepted.iter().any(|one| essence.eq_ignore_ascii_case(one)))
}
