//! One HTTP/2 connection to a target, shared by many requests.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use http::header::{CONNECTION, HOST, TE};
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Response, Uri, Version};
use http_body::Body as _;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper::rt::Executor;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::arriving::{Arriving, Failure};
use super::asking::Asking;
use super::clock::Clock;
use super::line::Line;
use super::target::Target;
use super::unreachable::Unreachable;
use crate::content::Outgoing;

/// Requests at a time, or fewer if the target says so.
const MOST_STREAMS: usize = 100;
/// What may be under way to us on one stream, and on all: a client that is slow to take its answer must not hold
/// up the others on the connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 100 * STREAM_WINDOW;
const MOST_HEADERS: u32 = 64 * 1024;
/// A silent connection with streams on it is asked whether it lives. gRPC servers take more than a few questions
/// within five minutes for an attack.
const PING_INTERVAL: Duration = Duration::from_secs(310);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// A connection; dropping it, and every strand of it, closes it.
#[derive(Debug)]
pub(crate) struct Trunk {
    sender: SendRequest<Outgoing>,
    line: Line,
    clock: Clock,
    scheme: Scheme,
    streams: AtomicUsize,
    /// How many streams the target allows.
    room: Arc<AtomicUsize>,
    /// Since when it rests; 0 while it works.
    resting: Arc<AtomicU64>,
    task: AbortHandle,
}

/// One stream of a connection, counted until dropped.
#[derive(Debug)]
pub(crate) struct Strand(Arc<Trunk>);

impl Trunk {
    /// Connects within the time, and waits for the target's settings, which say how much it takes at a time.
    pub(super) async fn dial(
        target: &Arc<Target>,
        clock: Clock,
        within: Duration,
    ) -> Result<Self, Unreachable> {
        let dialing = async {
            let line = Line::connect(target).await?;
            Self::over(line, target, clock).await
        };
        timeout(within, dialing)
            .await
            .unwrap_or(Err(Unreachable::Timeout))
    }

    async fn over(line: Line, target: &Arc<Target>, clock: Clock) -> Result<Self, Unreachable> {
        let runner = Runner::default();
        let stream = TokioIo::new(line.clone());
        let handshake = builder(&runner).handshake(stream).await;
        let (sender, connection) = handshake.map_err(failed)?;
        let mut connection = Box::pin(connection);
        while connection.current_max_send_streams() == 0 {
            tokio::select! {
                end = &mut connection => return Err(end.map_or_else(failed, |()| silent())),
                () = runner.0.notified() => {}
            }
        }
        let room = Arc::new(AtomicUsize::new(connection.current_max_send_streams()));
        let resting = Arc::new(AtomicU64::new(0));
        let (known, rest, allowed) = (Arc::clone(target), Arc::clone(&resting), Arc::clone(&room));
        let driven = async move {
            let driving = poll_fn(|cx| {
                let end = connection.as_mut().poll(cx);
                allowed.store(connection.current_max_send_streams(), Relaxed);
                end
            });
            // A connection that fails is seen by its requests.
            let _ = driving.await;
            learn(&known, &rest, clock.now());
        };
        let is_secure = target.tls.is_some();
        Ok(Self {
            sender,
            line,
            clock,
            scheme: if is_secure {
                Scheme::HTTPS
            } else {
                Scheme::HTTP
            },
            streams: AtomicUsize::new(0),
            room,
            resting,
            task: tokio::spawn(driven).abort_handle(),
        })
    }

    /// A stream, if the connection can take one more and still has its other end.
    pub(super) fn strand(self: &Arc<Self>) -> Option<Strand> {
        let used = self.streams.load(Relaxed);
        let room = self.room.load(Relaxed).min(MOST_STREAMS);
        let is_usable = used < room && !self.is_closed() && (used > 0 || !self.line.has_ended());
        is_usable.then(|| Strand::new(self))
    }

    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// How long nobody has used it; `None` while somebody does.
    pub(super) fn rested(&self, now: u64) -> Option<Duration> {
        let is_free = self.streams.load(Relaxed) == 0;
        is_free.then(|| Duration::from_millis(now.saturating_sub(self.resting.load(Relaxed))))
    }
}

fn builder(runner: &Runner) -> Builder<Runner> {
    let mut builder = Builder::new(runner.clone());
    builder
        .timer(TokioTimer::new())
        // Nothing is sent before the target's settings are known.
        .initial_max_send_streams(0)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(MOST_HEADERS)
        .max_send_buf_size(64 * 1024)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

fn failed(error: hyper::Error) -> Unreachable {
    Unreachable::Connect(io::Error::other(error))
}

fn silent() -> Unreachable {
    let why = "the target closed the connection at once: does it speak HTTP/2?";
    Unreachable::Connect(io::Error::other(why))
}

fn learn(target: &Target, resting: &AtomicU64, now: u64) {
    let since = resting.load(Relaxed);
    if since != 0 {
        let rested = Duration::from_millis(now.saturating_sub(since));
        target.idle_time.learn(rested, now);
    }
}

impl Drop for Trunk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Strand {
    pub(super) fn new(trunk: &Arc<Trunk>) -> Self {
        trunk.streams.fetch_add(1, Relaxed);
        trunk.resting.store(0, Relaxed);
        Self(Arc::clone(trunk))
    }

    pub(super) async fn send(
        &self,
        asking: &Asking<'_>,
        body: Outgoing,
    ) -> Result<Response<Arriving>, Failure> {
        let mut request = asking.request(body);
        formed(&mut request, &self.0.scheme);
        let sent = self.0.sender.clone().try_send_request(request).await;
        let answer = sent.map_err(|mut error| match error.take_message() {
            Some(unsent) => Failure::Unsent(unsent.into_body()),
            None => error.into_error().into(),
        });
        Ok(answer?.map(|incoming| {
            if incoming.is_end_stream() {
                Arriving::Nothing
            } else {
                Arriving::Stream(incoming)
            }
        }))
    }
}

impl Drop for Strand {
    fn drop(&mut self) {
        if self.0.streams.fetch_sub(1, Relaxed) == 1 {
            self.0.resting.store(self.0.clock.now(), Relaxed);
        }
    }
}

/// Gives a request HTTP/2's form.
fn formed(request: &mut Request<Outgoing>, scheme: &Scheme) {
    *request.version_mut() = Version::HTTP_2;
    let headers = request.headers_mut();
    headers.remove(CONNECTION);
    // The edge takes trailers, whoever its client is; gRPC servers insist on being told.
    headers.insert(TE, HeaderValue::from_static("trailers"));
    let host = headers.remove(HOST);
    let authority = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let Some(authority) = authority else { return };
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = Some(scheme.clone());
    parts.authority = Some(authority);
    // Both were parts of a good URI before.
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
}

/// Runs a connection's tasks, and rings after each of their steps.
#[derive(Debug, Clone, Default)]
struct Runner(Arc<Notify>);

impl<F> Executor<F> for Runner
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let bell = Arc::clone(&self.0);
        tokio::spawn(async move {
            let mut future = pin!(future);
            poll_fn(|cx| {
                let step = future.as_mut().poll(cx);
                bell.notify_one();
                step
            })
            .await;
        });
    }
}
