//! A way to send one request to a target: a connection of its own, or one stream of a shared one.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use hyper::body::Incoming;

use super::asking::Asking;
use super::clock::Clock;
use super::line::Line;
use super::own::Own;
use super::own::head::Malformed;
use super::target::Target;
use super::trunk::{Strand, Trunk};
use super::unreachable::Unreachable;
use crate::config::Protocol;
use crate::content::Outgoing;
use crate::error::{self, Refusal};
use crate::patience::Patience;

/// A connection with nobody else on it, or a stream; dropping it ends whatever it is doing.
pub(crate) enum Channel {
    Own(Box<Own>),
    Strand(Strand),
}

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

impl Channel {
    /// Connects within the time.
    pub(crate) async fn dial(
        target: &Arc<Target>,
        clock: Clock,
        within: Duration,
    ) -> Result<Self, Unreachable> {
        match target.protocol {
            Protocol::Http1 => Own::dial(target, within).await.map(Self::Own),
            Protocol::Http2 => {
                let trunk = Trunk::dial(target, clock, within).await?;
                Ok(Self::Strand(Strand::new(&Arc::new(trunk))))
            }
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(
        &mut self,
        asking: &Asking<'_>,
        body: Outgoing,
    ) -> Result<Response<Arriving>, Failure> {
        match self {
            Self::Own(own) => own.send(asking, body).await,
            Self::Strand(strand) => Box::pin(strand.send(asking, body)).await,
        }
    }

    /// The timer of the connection, for as long as it is waited for an answer: its next request takes the same one.
    pub(crate) fn patience(&mut self) -> Patience {
        match self {
            Self::Own(own) => std::mem::take(&mut own.patience),
            Self::Strand(_) => Patience::default(),
        }
    }

    /// Gives the timer back.
    pub(crate) fn keeps(&mut self, patience: Patience) {
        if let Self::Own(own) = self {
            own.patience = patience;
        }
    }

    /// Whether nobody else is on it.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self, Self::Own(_))
    }

    /// Whether no byte came of an answer to the request that failed.
    pub(crate) fn is_untouched(&self) -> bool {
        match self {
            Self::Own(own) => own.is_untouched(),
            // A head would have been an answer.
            Self::Strand(_) => true,
        }
    }

    /// The target said how long it keeps the connection.
    pub(crate) fn is_kept_for(&mut self, stated: Duration) {
        if let Self::Own(own) = self {
            own.stated = Some(stated);
        }
    }

    /// The memory of a request's headers is not needed any more.
    pub(crate) fn reuse(&mut self, headers: HeaderMap) {
        if let Self::Own(own) = self {
            own.reuse(headers);
        }
    }

    /// The connection itself and what was read ahead, for a target that has left HTTP; a stream can't leave it.
    pub(crate) fn leave_http(&mut self) -> Option<(Line, Bytes)> {
        match self {
            Self::Own(own) => Some(own.leave_http()),
            Self::Strand(_) => None,
        }
    }

    /// What goes on is broken off: closing will tell the target so.
    pub(crate) fn reset(&self) {
        if let Self::Own(own) = self {
            own.reset();
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
