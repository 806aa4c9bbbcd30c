//! A target's answer on its way to the client, and what becomes of the connection it came over.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, timeout};

use crate::content::BoxError;
use crate::error::{self, Refusal};
use crate::exchange::Exchange;
use crate::headers::Trailers;
use crate::upstream::{Channel, Flight, Upstream};

/// How long a connection may take to become free once its answer has been read.
const SETTLE: Duration = Duration::from_secs(1);

/// A connection in use, and the request that is counted for it. Dropped while an answer is under way, it is closed.
pub(crate) struct Lease {
    pub(crate) channel: Channel,
    pub(crate) flight: Flight,
    pub(crate) upstream: Arc<Upstream>,
    pub(crate) exchange: Arc<Exchange>,
}

impl Lease {
    /// Gives the connection back for the next request.
    pub(crate) fn release(self) {
        // A stream needs no care: it ends by itself.
        let Channel::Own(own) = &self.channel else {
            return;
        };
        if own.sender.is_ready() {
            self.put();
        } else if !own.sender.is_closed() {
            // The target answered before it had the whole request: nearly always the rest goes out in a moment.
            tokio::spawn(self.settle());
        }
    }

    async fn settle(mut self) {
        let Channel::Own(own) = &mut self.channel else {
            return;
        };
        let is_free = poll_fn(|cx| own.sender.poll_ready(cx));
        if let Ok(Ok(())) = timeout(SETTLE, is_free).await {
            self.put();
        }
    }

    fn put(self) {
        let now = self.upstream.clock.now();
        let pools = &self.exchange.link.desk.pools;
        pools.put(
            self.flight.target(),
            self.channel,
            self.upstream.config.keep,
            now,
        );
    }
}

/// The answer's body.
pub(crate) struct Passing {
    incoming: Incoming,
    lease: Option<Lease>,
    trailers: Trailers,
    /// How long it may be silent.
    silence: Duration,
    /// When the next part must have come; created when the first one is waited for.
    patience: Option<Pin<Box<Sleep>>>,
    has_moved: bool,
}

impl Passing {
    pub(crate) fn new(
        incoming: Incoming,
        lease: Lease,
        trailers: Trailers,
        silence: Option<Duration>,
    ) -> Self {
        let usual = lease.upstream.config.idle_timeout.duration();
        Self {
            incoming,
            lease: Some(lease),
            trailers,
            silence: silence.unwrap_or(usual),
            patience: None,
            has_moved: true,
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.has_moved) {
            let until = Instant::now() + self.silence;
            match &mut self.patience {
                Some(sleep) => sleep.as_mut().reset(until),
                None => self.patience = Some(Box::pin(tokio::time::sleep_until(until))),
            }
        }
        self.patience
            .as_mut()
            .map_or(Poll::Pending, |sleep| sleep.as_mut().poll(cx))
    }

    /// Breaks the answer off, so that nobody takes what came of it for the whole.
    fn fail(&mut self, refusal: &'static Refusal) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(lease) = self.lease.take() {
            lease.exchange.because(refusal.cause);
            lease.upstream.counts.failed(refusal);
        }
        Poll::Ready(Some(Err(refusal.detail.into())))
    }

    fn end(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.release();
        }
    }
}

impl http_body::Body for Passing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.has_moved = true;
                match frame.into_trailers() {
                    Ok(trailers) => {
                        let kept = self.trailers.of(&trailers);
                        Poll::Ready(kept.map(|kept| Ok(Frame::trailers(kept))))
                    }
                    Err(data) => Poll::Ready(Some(Ok(data))),
                }
            }
            Poll::Ready(Some(Err(_))) => self.fail(&error::TRUNCATED),
            Poll::Ready(None) => {
                self.end();
                Poll::Ready(None)
            }
            Poll::Pending => {
                ready!(self.wait(cx));
                self.fail(&error::IDLE_TIMEOUT)
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

impl Drop for Passing {
    fn drop(&mut self) {
        if self.incoming.is_end_stream() {
            self.end();
        }
    }
}
