//! A request's body on its way to a target.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::sync::Arc;

use crate::body::Received;
use crate::error::Refusal;
use crate::exchange::Exchange;
use crate::start::BoxError;

/// Bodies up to this length are received before a target is bothered: they can be sent again, and a slow client
/// holds no connection to it.
const WHOLE: u64 = 64 * 1024;

/// What is sent.
pub(crate) enum Outgoing {
    Nothing,
    /// Received already.
    Whole(Bytes),
    /// As it arrives; can be sent once.
    Streamed(Box<Received>),
}

impl Outgoing {
    /// Receives a short body; a long one, or one of unknown length, is received as it is sent.
    pub(crate) async fn receive(
        incoming: Incoming,
        exchange: &Arc<Exchange>,
    ) -> Result<Self, &'static Refusal> {
        if incoming.is_end_stream() {
            return Ok(Self::Nothing);
        }
        let is_short = incoming
            .size_hint()
            .exact()
            .is_some_and(|length| length <= WHOLE);
        let received = Received::new(incoming, Arc::clone(exchange));
        if !is_short {
            return Ok(Self::Streamed(Box::new(received)));
        }
        match received.collect().await {
            Ok(whole) => Ok(Self::Whole(whole.to_bytes())),
            Err(_) => Err(exchange.fault().unwrap_or(&crate::error::CLIENT_LEFT)),
        }
    }

    /// The same body once more, unless it can be sent only once.
    pub(crate) fn again(&self) -> Option<Self> {
        match self {
            Self::Nothing => Some(Self::Nothing),
            Self::Whole(bytes) => Some(Self::Whole(bytes.clone())),
            Self::Streamed(_) => None,
        }
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut *self {
            Self::Nothing => Poll::Ready(None),
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Streamed(received) => Pin::new(received.as_mut()).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Streamed(received) => received.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Nothing => SizeHint::with_exact(0),
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Streamed(received) => received.size_hint(),
        }
    }
}
