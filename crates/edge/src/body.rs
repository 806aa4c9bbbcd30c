//! Bodies on their way through: counted, limited, timed.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::content::{Body, BoxError};
use crate::error::{self, Broken, Refusal};
use crate::exchange::{Ending, Exchange};
use crate::headers::Trailers;
use crate::pulse::Unread;

/// A request's body as it arrives.
pub(crate) struct Received {
    incoming: Incoming,
    exchange: Arc<Exchange>,
    room: u64,
    trailers: Option<Trailers>,
    /// It belongs to a call that may last: it may be of any length and take any time but this one of silence.
    silence: Option<Duration>,
    /// When the next part must have come; created when the first one is waited for.
    patience: Option<Pin<Box<Sleep>>>,
    has_moved: bool,
}

impl Received {
    pub(crate) fn new(incoming: Incoming, exchange: Arc<Exchange>) -> Self {
        let room = exchange.rules.config.request.body.get();
        Self {
            incoming,
            exchange,
            room,
            trailers: None,
            silence: None,
            patience: None,
            has_moved: true,
        }
    }

    /// Whoever reads it takes these trailers.
    pub(crate) fn with(mut self, trailers: Trailers) -> Self {
        self.trailers = Some(trailers);
        self
    }

    /// It may be of any length and take any time, but not be silent for longer.
    pub(crate) fn lasting(mut self, silence: Duration) -> Self {
        self.room = u64::MAX;
        self.silence = Some(silence);
        self
    }

    fn fail(&self, refusal: &'static Refusal) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.exchange.fails(refusal);
        Poll::Ready(Some(Err(refusal.detail.into())))
    }

    fn take(&mut self, frame: Frame<Bytes>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let part = match frame.into_data() {
            Ok(part) => part,
            // Most trailers end here: few behind the edge ask for any.
            Err(frame) => {
                let trailers = self.trailers.zip(frame.into_trailers().ok());
                let kept = trailers.and_then(|(which, trailers)| which.of(&trailers));
                return Poll::Ready(kept.map(|kept| Ok(Frame::trailers(kept))));
            }
        };
        self.exchange.received(part.len());
        self.has_moved = true;
        match self.room.checked_sub(part.len() as u64) {
            Some(room) => self.room = room,
            None => return self.fail(&error::BODY_TOO_LARGE),
        }
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    /// Waits for the next part no longer than the pause allows, and never beyond the whole body's time.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let timeouts = &self.exchange.rules.config.timeout;
        let whole = Instant::from_std(self.exchange.began) + timeouts.body.duration();
        if std::mem::take(&mut self.has_moved) {
            let until = match self.silence {
                Some(silence) => Instant::now() + silence,
                None => whole.min(Instant::now() + timeouts.body_idle.duration()),
            };
            match &mut self.patience {
                Some(sleep) => sleep.as_mut().reset(until),
                None => self.patience = Some(Box::pin(tokio::time::sleep_until(until))),
            }
        }
        self.patience
            .as_mut()
            .map_or(Poll::Pending, |sleep| sleep.as_mut().poll(cx))
    }
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => self.take(frame),
            Poll::Ready(Some(Err(error))) => self.fail(fault(&error)),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                ready!(self.wait(cx));
                self.fail(&error::BODY_TOO_SLOW)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if !self.incoming.is_end_stream() {
            self.exchange.link.pulse.leaves_body_unread();
        }
    }
}

/// A body that broke off is the client's leaving; one that is misframed is a bad request.
fn fault(error: &hyper::Error) -> &'static Refusal {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            let is_misframed = matches!(
                io.kind(),
                std::io::ErrorKind::InvalidData | std::io::ErrorKind::InvalidInput
            );
            return if is_misframed {
                &error::BODY_MISFRAMED
            } else {
                &error::CLIENT_LEFT
            };
        }
        source = inner.source();
    }
    &error::CLIENT_LEFT
}

/// The largest part given to an HTTP/2 stream at a time: what is given stays in memory until the client makes room.
const PART: usize = 16 * 1024;

/// An answer's body on its way out.
pub(crate) struct Answered {
    body: Body,
    ending: Ending,
    has_ended: bool,
    /// Present on a connection that carries many answers, whose flow the socket alone does not tell of.
    parts: Option<Parts>,
}

#[derive(Default)]
struct Parts {
    rest: Option<Bytes>,
    unread: Option<Arc<Unread>>,
}

impl Answered {
    pub(crate) fn new(body: Body, ending: Ending) -> Self {
        let has_ended = body.is_end_stream();
        let parts = (ending.0.version == http::Version::HTTP_2).then(Parts::default);
        Self {
            body,
            ending,
            has_ended,
            parts,
        }
    }

    fn next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(rest) = self.parts.as_mut().and_then(|parts| parts.rest.take()) {
            return Poll::Ready(Some(Ok(Frame::data(rest))));
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    /// Keeps back what is more than one part.
    fn cut(&mut self, mut data: Bytes) -> Bytes {
        if let Some(parts) = &mut self.parts
            && data.len() > PART
        {
            parts.rest = Some(data.split_off(PART));
        }
        data
    }

    /// The first reason why an answer broke off stands in the log.
    fn broken(&self, error: BoxError) -> BoxError {
        if let Some(Broken(refusal)) = error.downcast_ref() {
            self.ending.0.because(refusal.cause);
        }
        error
    }

    /// From now until the next poll, the client is what this answer waits for.
    fn waits(&mut self) {
        let is_done = self.is_end_stream();
        let Some(parts) = &mut self.parts else { return };
        if is_done {
            parts.unread = None;
            return;
        }
        let pulse = &self.ending.0.link.pulse;
        let unread = parts.unread.get_or_insert_with(|| {
            let unread = Arc::default();
            pulse.watch(&unread);
            unread
        });
        unread.0.store(pulse.now(), Relaxed);
    }
}

impl http_body::Body for Answered {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(unread) = self.parts.as_ref().and_then(|parts| parts.unread.as_ref()) {
            unread.0.store(0, Relaxed);
        }
        let frame = match ready!(self.next(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(self.broken(error)))),
            None => {
                self.has_ended = true;
                return Poll::Ready(None);
            }
        };
        let frame = match frame.into_data() {
            Ok(data) => Frame::data(self.cut(data)),
            Err(other) => other,
        };
        self.ending.0.sent(frame.data_ref().map_or(0, Bytes::len));
        self.waits();
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.as_ref().is_none_or(|parts| parts.rest.is_none()) && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self
            .parts
            .as_ref()
            .and_then(|parts| parts.rest.as_ref())
            .map_or(0, |rest| rest.len() as u64);
        let inner = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        let exchange = &self.ending.0;
        // Methods and statuses that have no body end without one being asked for.
        if !self.has_ended && !self.is_end_stream() && exchange.expects_body() {
            exchange.because(error::CLIENT_LEFT.cause);
        }
    }
}
