//! Where the body ends: one reading only.

use http::Version;
use http::header::{EXPECT, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;

use super::Door;
use crate::error::{self, Refusal};

pub(super) fn check(head: &Parts, door: &Door<'_>) -> Result<(), &'static Refusal> {
    if door.present.has(&TRANSFER_ENCODING) {
        transfer_encoding(head)?;
    }
    if door.has_body && head.headers.contains_key(UPGRADE) {
        return Err(&error::UPGRADE_WITH_BODY);
    }
    if !door.present.has(&EXPECT) {
        return Ok(());
    }
    match head.headers.get(EXPECT) {
        Some(expected) if !expected.as_bytes().eq_ignore_ascii_case(b"100-continue") => {
            Err(&error::EXPECTATION)
        }
        _ => Ok(()),
    }
}

/// Exactly one `chunked`, or no coding at all. HTTP/2 has none: its frames tell where the body ends.
fn transfer_encoding(head: &Parts) -> Result<(), &'static Refusal> {
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(_), _) if head.version == Version::HTTP_2 => Err(&error::CODING_MALFORMED),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        (Some(coding), None) if is_other(coding.as_bytes()) => Err(&error::CODING_UNKNOWN),
        _ => Err(&error::CODING_MALFORMED),
    }
}

/// A well-formed list of codings that ends in its only `chunked`: legal, and not supported.
fn is_other(list: &[u8]) -> bool {
    let mut codings: Vec<_> = list
        .split(|&byte| byte == b',')
        .map(<[u8]>::trim_ascii)
        .collect();
    let is_chunked = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"chunked");
    codings.pop().as_ref().is_some_and(is_chunked)
        && !codings.iter().any(is_chunked)
        && codings.iter().all(|coding| {
            !coding.is_empty()
                && coding
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        })
}
