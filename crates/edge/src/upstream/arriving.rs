//! What comes back from a target: an answer, or the reason why there is none.

use std::error::Error;

use bytes::Bytes;
use hyper::body::Incoming;

use super::own::head::Malformed;
use crate::content::Outgoing;
use crate::error::{self, Refusal};

/// What follows an answer's head.
pub(crate) enum Arriving {
    Nothing,
    /// Here already.
    Whole(Bytes),
    /// Over the connection that the request took, which must be asked for it.
    OverLine,
    /// By itself.
    Stream(Incoming),
}

/// Why there is no answer.
pub(crate) enum Failure {
    /// Nothing of the request left this process. Its body is as it was.
    Unsent(Outgoing),
    /// The request's own body broke off.
    Body,
    /// The target closed the connection, or it broke.
    Closed,
    /// The target refused, without having begun with it (RFC 9113 §8.7): sending it again is safe, whatever it asks for.
    Unprocessed,
    /// The answer can't be understood, or could be understood in more than one way.
    Malformed(Malformed),
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl Malformed {
    /// What the client is told.
    pub(crate) fn refusal(self) -> &'static Refusal {
        match self {
            Self::LineEnd => &error::BAD_LINE_END,
            Self::Unclear => &error::BAD_RESPONSE,
        }
    }
}

impl From<hyper::Error> for Failure {
    fn from(error: hyper::Error) -> Self {
        if error.is_parse() {
            Self::Malformed(Malformed::Unclear)
        } else if is_unprocessed(&error) {
            Self::Unprocessed
        } else {
            tracing::debug!(%error, "a shared connection gave no answer");
            Self::Closed
        }
    }
}

/// Whether the target said that it did not begin with the request.
fn is_unprocessed(error: &hyper::Error) -> bool {
    let Some(error) = error
        .source()
        .and_then(|source| source.downcast_ref::<h2::Error>())
    else {
        return false;
    };
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (is_refused || error.is_go_away())
}
