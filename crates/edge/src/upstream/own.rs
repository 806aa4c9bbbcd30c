//! One HTTP/1.1 connection to a target, for one request at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::clock::Clock;
use super::line::Line;
use super::target::Target;
use super::unreachable::Unreachable;
use super::wire::{Tap, Wire};
use crate::content::Outgoing;

/// An answer's head, and what is read ahead of its body.
const READ_BUFFER: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;

/// A connection; dropping it closes it, whatever it is doing.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) sender: SendRequest<Outgoing>,
    /// Whether any byte came since the last request was sent.
    pub(crate) has_received: Arc<AtomicBool>,
    /// How long the target said that it keeps the connection.
    pub(crate) stated: Option<Duration>,
    wire: Wire,
    /// Since when it rests; 0 while it works.
    resting: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Own {
    /// Connects within the time.
    pub(super) async fn dial(
        target: &Arc<Target>,
        clock: Clock,
        within: Duration,
    ) -> Result<Self, Unreachable> {
        let dialing = async {
            let (line, wire) = Line::connect(target).await?;
            Self::over(line, wire, target, clock).await
        };
        timeout(within, dialing)
            .await
            .unwrap_or(Err(Unreachable::Timeout))
    }

    async fn over(
        line: Line,
        wire: Wire,
        target: &Arc<Target>,
        clock: Clock,
    ) -> Result<Self, Unreachable> {
        let (has_received, resting) = (Arc::default(), Arc::new(AtomicU64::new(0)));
        let stream = TokioIo::new(Tap::new(line, Arc::clone(&has_received)));
        let handshake = Builder::new()
            .max_headers(MOST_HEADERS)
            .max_buf_size(READ_BUFFER)
            .handshake(stream)
            .await;
        let (sender, connection) =
            handshake.map_err(|error| Unreachable::Connect(std::io::Error::other(error)))?;
        let (target, rest) = (Arc::clone(target), Arc::clone(&resting));
        let driven = async move {
            // A connection that fails is seen by its requests.
            let _ = connection.with_upgrades().await;
            let since = rest.load(Relaxed);
            if since != 0 {
                let now = clock.now();
                target
                    .idle_time
                    .learn(Duration::from_millis(now.saturating_sub(since)), now);
            }
        };
        let task = tokio::spawn(driven).abort_handle();
        Ok(Self {
            sender,
            has_received,
            stated: None,
            wire,
            resting,
            task,
        })
    }

    /// From now on it waits for a request.
    pub(super) fn rest(&self, now: u64) {
        self.resting.store(now, Relaxed);
    }

    /// To the millisecond.
    pub(super) fn rested(&self, now: u64) -> Duration {
        Duration::from_millis(now.saturating_sub(self.resting.load(Relaxed)))
    }

    /// From now on it works again; false if it can't, because the target closed it.
    pub(super) fn wake(&self) -> bool {
        self.wire.is_quiet() && self.wake_unseen()
    }

    /// The same by what the runtime knows, which may be older than a close.
    pub(super) fn wake_unseen(&self) -> bool {
        self.has_received.store(false, Relaxed);
        let is_alive = self.sender.is_ready();
        if is_alive {
            self.resting.store(0, Relaxed);
        }
        is_alive
    }

    /// What goes on is broken off: closing will tell the target so.
    pub(super) fn reset(&self) {
        self.wire.reset();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.task.abort();
    }
}
