//! A target's answer on its way to the client, and what becomes of the connection it came over.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use crate::content::BoxError;
use crate::error::{self, Refusal};
use crate::exchange::Exchange;
use crate::headers::Trailers;
use crate::patience::Patience;
use crate::upstream::{Arriving, Channel, Flight, Upstream};

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
    /// Whether the whole answer has come over a connection of its own.
    fn has_answered(&self) -> bool {
        matches!(&self.channel, Channel::Own(own) if own.has_answered())
    }

    /// What is known of the length of what will still come over it.
    fn left(&self) -> SizeHint {
        match &self.channel {
            Channel::Own(own) => own.left(),
            Channel::Strand(_) => SizeHint::default(),
        }
    }

    /// Gives the connection back for the next request.
    pub(crate) fn release(self) {
        // A stream needs no care: it ends by itself.
        let Channel::Own(own) = &self.channel else {
            return;
        };
        if own.is_free() {
            self.put();
        } else if own.may_become_free() {
            // The target answered before it had the whole request: nearly always the rest goes out in a moment.
            tokio::spawn(self.settle());
        }
    }

    async fn settle(mut self) {
        let Channel::Own(own) = &mut self.channel else {
            return;
        };
        if timeout(SETTLE, own.settled()).await.is_ok() {
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

/// An answer that broke off, whatever the reason.
struct Unfinished;

/// The answer's body.
pub(crate) struct Passing {
    /// Absent while it comes over the connection that the request took.
    incoming: Option<Incoming>,
    /// Absent once the answer has ended.
    lease: Option<Lease>,
    trailers: Trailers,
    /// How long it may be silent.
    silence: Duration,
    patience: Patience,
    /// When the next part must have come; absent until it is waited for.
    until: Option<Instant>,
    /// It has broken off, which is not told yet.
    broken: Option<&'static Refusal>,
}

impl Passing {
    pub(crate) fn new(
        arriving: Arriving,
        lease: Lease,
        trailers: Trailers,
        silence: Option<Duration>,
    ) -> Self {
        let usual = lease.upstream.config.idle_timeout.duration();
        let incoming = match arriving {
            Arriving::Stream(incoming) => Some(incoming),
            _ => None,
        };
        Self {
            incoming,
            lease: Some(lease),
            trailers,
            silence: silence.unwrap_or(usual),
            patience: Patience::default(),
            until: None,
            broken: None,
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let silence = self.silence;
        let until = *self.until.get_or_insert_with(|| Instant::now() + silence);
        self.patience.poll(cx, until)
    }

    fn poll_part(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unfinished>>> {
        if let Some(incoming) = &mut self.incoming {
            let part = ready!(Pin::new(incoming).poll_frame(cx));
            return Poll::Ready(part.map(|part| part.map_err(|_| Unfinished)));
        }
        let Some(Channel::Own(own)) = self.lease.as_mut().map(|lease| &mut lease.channel) else {
            return Poll::Ready(None);
        };
        let part = ready!(own.poll_part(cx));
        Poll::Ready(part.map(|part| part.map_err(|_| Unfinished)))
    }

    /// Whether nothing more will come.
    fn has_ended(&self) -> bool {
        match (&self.incoming, &self.lease) {
            (Some(incoming), _) => incoming.is_end_stream(),
            (None, Some(lease)) => lease.has_answered(),
            (None, None) => true,
        }
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
        if let Some(refusal) = self.broken.take() {
            return self.fail(refusal);
        }
        match self.poll_part(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                self.until = None;
                match frame.into_trailers() {
                    Ok(trailers) => {
                        let kept = self.trailers.of(&trailers);
                        Poll::Ready(kept.map(|kept| Ok(Frame::trailers(kept))))
                    }
                    Err(data) => Poll::Ready(Some(Ok(data))),
                }
            }
            Poll::Ready(Some(Err(_))) => {
                // In a moment: what came before shall reach the client first.
                self.broken = Some(&error::TRUNCATED);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
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
        self.has_ended()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.incoming, &self.lease) {
            (Some(incoming), _) => incoming.size_hint(),
            (None, Some(lease)) => lease.left(),
            (None, None) => SizeHint::with_exact(0),
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if self.has_ended() {
            self.end();
        }
    }
}
