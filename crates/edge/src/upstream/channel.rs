//! A way to send one request to a target: a connection of its own, or one stream of a shared one.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;

use super::clock::Clock;
use super::own::Own;
use super::target::Target;
use super::trunk::{Strand, Trunk};
use super::unreachable::Unreachable;
use crate::config::Protocol;
use crate::content::Outgoing;

/// What came of sending a request. One that did not leave this process comes back with the error.
pub(crate) type Sent = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>;

/// A connection with nobody else on it, or a stream; dropping it ends whatever it is doing.
#[derive(Debug)]
pub(crate) enum Channel {
    Own(Own),
    Strand(Strand),
}

impl Channel {
    /// Connects within the time.
    pub(crate) async fn dial(
        target: &Arc<Target>,
        clock: Clock,
        within: Duration,
    ) -> Result<Self, Unreachable> {
        match target.protocol {
            Protocol::Http1 => Own::dial(target, clock, within).await.map(Self::Own),
            Protocol::Http2 => {
                let trunk = Trunk::dial(target, clock, within).await?;
                Ok(Self::Strand(Strand::new(&Arc::new(trunk))))
            }
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(crate) async fn send(&mut self, request: Request<Outgoing>) -> Sent {
        match self {
            Self::Own(own) => own.sender.try_send_request(request).await,
            Self::Strand(strand) => strand.send(request).await,
        }
    }

    /// Whether no byte came of an answer to the request that failed.
    pub(crate) fn is_untouched(&self) -> bool {
        match self {
            Self::Own(own) => !own.has_received.load(Relaxed),
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

    /// What goes on is broken off: closing will tell the target so.
    pub(crate) fn reset(&self) {
        if let Self::Own(own) = self {
            own.reset();
        }
    }
}

/// Whether the target said that it did not begin with the request (RFC 9113 §8.7), so that sending it again is
/// safe whatever it asks for.
pub(crate) fn is_unprocessed(error: &hyper::Error) -> bool {
    let Some(error) = error
        .source()
        .and_then(|source| source.downcast_ref::<h2::Error>())
    else {
        return false;
    };
    let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (is_refused || error.is_go_away())
}
