//! Answers that hold parts of a file (RFC 9110 §15.3.7).

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE};
use http::{HeaderValue, Response, StatusCode};

use super::asked::Asked;
use super::opened::Opened;
use super::sending::{Piece, Sending};
use super::{describe, empty};
use crate::content::Body;
use crate::error::{self, Refusal};

/// One part, as it stands in the file.
pub(super) fn one(asked: &Asked, opened: Opened, part: Range<u64>) -> Response<Body> {
    let place = HeaderValue::try_from(place(&part, opened.length));
    let media = HeaderValue::from_static(opened.media);
    let mut response = partial(asked, &opened, media);
    if let Ok(place) = place {
        response.headers_mut().insert(CONTENT_RANGE, place);
    }
    with(response, Sending::part(opened, part))
}

/// Several parts between boundaries that no content can foresee.
pub(super) fn many(
    asked: &Asked,
    opened: Opened,
    parts: Vec<Range<u64>>,
) -> Result<Response<Body>, &'static Refusal> {
    let random = getrandom::u64().map_err(|_| &error::FILE_UNREADABLE)?;
    let boundary = format!("{random:016x}");
    let mut pieces = VecDeque::with_capacity(parts.len() * 2 + 1);
    let mut line = "";
    for part in parts {
        let head = format!(
            "{line}--{boundary}\r\ncontent-type: {}\r\ncontent-range: {}\r\n\r\n",
            opened.media,
            place(&part, opened.length)
        );
        pieces.push_back(Piece::Text(Bytes::from(head)));
        pieces.push_back(Piece::Part(part));
        line = "\r\n";
    }
    let end = format!("\r\n--{boundary}--\r\n");
    pieces.push_back(Piece::Text(Bytes::from(end)));
    let media = HeaderValue::try_from(format!("multipart/byteranges; boundary={boundary}"));
    let media = media.map_err(|_| &error::FILE_UNREADABLE)?;
    let response = partial(asked, &opened, media);
    Ok(with(response, Sending::pieces(opened, pieces)))
}

fn place(part: &Range<u64>, length: u64) -> String {
    // A part is never empty.
    format!("bytes {}-{}/{length}", part.start, part.end - 1)
}

fn partial(asked: &Asked, opened: &Opened, media: HeaderValue) -> Response<Body> {
    let mut response = empty(StatusCode::PARTIAL_CONTENT);
    describe(response.headers_mut(), asked, opened);
    response.headers_mut().insert(CONTENT_TYPE, media);
    response
}

fn with(mut response: Response<Body>, sending: Sending) -> Response<Body> {
    let length = sending.length().into();
    response.headers_mut().insert(CONTENT_LENGTH, length);
    *response.body_mut() = Body::new(sending);
    response
}
