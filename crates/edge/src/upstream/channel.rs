//! A way to send one request to a target: a connection of its own, or one stream of a shared one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};

use super::arriving::{Arriving, Failure};
use super::asking::Asking;
use super::clock::Clock;
use super::line::Line;
use super::own::Own;
use super::target::Target;
use super::trunk::{Strand, Trunk};
use super::unreachable::Unreachable;
use crate::config::Protocol;
use crate::content::Outgoing;
use crate::patience::Patience;

/// A connection with nobody else on it, or a stream; dropping it ends whatever it is doing.
pub(crate) enum Channel {
    Own(Box<Own>),
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
