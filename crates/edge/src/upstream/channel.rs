//! One HTTP/1.1 connection to a target, with the task that drives it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::clock::Clock;
use super::target::Target;
use super::wire::{Tap, Wire};
use crate::content::Outgoing;

/// An answer's head, and what is read ahead of its body.
const READ_BUFFER: usize = 64 * 1024;
const MOST_HEADERS: usize = 100;

/// Why no connection could be made.
#[derive(Debug, Error)]
pub(crate) enum Unreachable {
    #[error("no connection: {0}")]
    Connect(std::io::Error),
    #[error("no TLS: {0}")]
    Tls(std::io::Error),
    #[error("no connection in time")]
    Timeout,
}

/// A connection; dropping it closes it, whatever it is doing.
#[derive(Debug)]
pub(crate) struct Channel {
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

impl Channel {
    /// Connects within the time.
    pub(crate) async fn dial(
        target: &Arc<Target>,
        clock: Clock,
        within: Duration,
    ) -> Result<Self, Unreachable> {
        match timeout(within, Self::connect(target, clock)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Unreachable::Timeout),
        }
    }

    async fn connect(target: &Arc<Target>, clock: Clock) -> Result<Self, Unreachable> {
        let socket = TcpStream::connect(target.socket)
            .await
            .map_err(Unreachable::Connect)?;
        // Failing means that the other end is gone, which the first read finds out.
        let _ = socket.set_nodelay(true);
        let wire = Wire::new(socket);
        match &target.tls {
            None => Self::over(wire.clone(), wire, target, clock).await,
            Some(tls) => {
                let connector = TlsConnector::from(Arc::clone(&tls.config));
                let stream = connector
                    .connect(tls.name.clone(), wire.clone())
                    .await
                    .map_err(Unreachable::Tls)?;
                Self::over(stream, wire, target, clock).await
            }
        }
    }

    async fn over<S>(
        stream: S,
        wire: Wire,
        target: &Arc<Target>,
        clock: Clock,
    ) -> Result<Self, Unreachable>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (has_received, resting) = (Arc::default(), Arc::new(AtomicU64::new(0)));
        let stream = TokioIo::new(Tap::new(stream, Arc::clone(&has_received)));
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

    pub(super) fn rested(&self, now: u64) -> Duration {
        Duration::from_millis(now.saturating_sub(self.resting.load(Relaxed)))
    }

    /// From now on it works again; false if it can't, because the target closed it.
    pub(super) fn wake(&self) -> bool {
        self.has_received.store(false, Relaxed);
        let is_alive = self.sender.is_ready() && self.wire.is_quiet();
        if is_alive {
            self.resting.store(0, Relaxed);
        }
        is_alive
    }

    /// What goes on is broken off: closing will tell the target so.
    pub(crate) fn reset(&self) {
        self.wire.reset();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.task.abort();
    }
}
