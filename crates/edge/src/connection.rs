//! One connection from its handshake to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::body::Incoming;
use hyper::rt::bounds::Http2ServerConnExec;
use hyper::server::conn::{http1, http2};
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use crate::config::Config;
use crate::connections::Place;
use crate::content::BoxError;
use crate::curtain::Curtain;
use crate::drain::{Drain, Stage, State};
use crate::error;
use crate::exchange;
use crate::headless;
use crate::link::{Desk, Link, Session};
use crate::phases;
use crate::pulse::Pulse;
use crate::rules::Rules;
use crate::switch::{Client, Switch};
use crate::tls;
use crate::transport::Transport;
use crate::watchdog::{Multiplex, Overdue, Watchdog};
use crate::whence::{self, Closed, Whence};

/// A connection just accepted.
pub(crate) struct Opened {
    pub(crate) socket: TcpStream,
    pub(crate) address: IpAddr,
    pub(crate) is_secure: bool,
    pub(crate) accepted: Instant,
}

/// Buffered at most of what the client sent.
const READ_BUFFER: usize = 64 * 1024;

/// After an answer that leaves a body unread, so much of it is read and dropped, for so long: closing at once would
/// reset the connection, and the client might never see the answer.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 16 * 1024 * 1024;

pub(crate) async fn serve(mut opened: Opened, desk: Arc<Desk>, drain: &Drain, place: &mut Place) {
    let pulse = Arc::new(Pulse::new(opened.accepted));
    let rules = desk.rules();
    let whence = if rules.config.proxy_protocol {
        let found = Box::pin(introduced(&mut opened, &desk, &rules, place)).await;
        let Some(whence) = found else { return };
        pulse.handshake_ends();
        whence
    } else {
        Whence::of(opened.address, &rules)
    };
    let config = Arc::clone(&rules.config);
    drop(rules);
    let transport = Transport::new(opened.socket, Arc::clone(&pulse));
    let patience = config.timeout.handshake.duration();
    // Whoever takes the connection over ends with it.
    let switch = Arc::<Switch>::default();
    let link = |desk, pulse, tls| {
        Arc::new(Link {
            desk,
            config,
            pulse,
            peer: whence.address,
            is_trusted: whence.is_trusted,
            tls,
            switch: Arc::downgrade(&switch),
            introduced: OnceLock::new(),
        })
    };
    if !opened.is_secure {
        return Box::pin(one_at_a_time(
            transport,
            link(desk, pulse, None),
            drain,
            &switch,
        ))
        .await;
    }
    // Boxed, so that a connection that rests holds neither the handshake's memory nor the other protocol's.
    let Some((stream, session)) = Box::pin(handshake(transport, &desk, patience)).await else {
        return;
    };
    pulse.handshake_ends();
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let link = link(desk, pulse, Some(session));
    if is_http2 {
        Box::pin(many_at_a_time(stream, link, drain)).await;
    } else {
        Box::pin(one_at_a_time(stream, link, drain, &switch)).await;
    }
}

/// Who the client is where proxies say so; `None` when the connection is to be closed, which has been noted then.
async fn introduced(
    opened: &mut Opened,
    desk: &Desk,
    rules: &Rules,
    place: &mut Place,
) -> Option<Whence> {
    match whence::find(&mut opened.socket, opened.address, rules).await {
        Ok(whence) if whence.is_client() && desk.bans(whence.address) => {
            desk.shared.metrics.connections.banned();
            None
        }
        Ok(whence) if whence.is_client() && !desk.shared.spares(rules, whence.address) => {
            let counted = place.count_for(whence.address);
            counted
                .map_err(|full| desk.shared.metrics.connections.refused(full))
                .ok()?;
            Some(whence)
        }
        Ok(whence) => Some(whence),
        Err(Closed::ByPeer) => None,
        Err(Closed::Silent) => {
            desk.shared.metrics.connections.overdue(Overdue::Head);
            None
        }
        Err(Closed::ByUs(refusal)) => {
            exchange::note_unheard(desk, opened.address, opened.is_secure, refusal);
            None
        }
    }
}

async fn handshake(
    mut transport: Transport,
    desk: &Desk,
    patience: Duration,
) -> Option<(Box<TlsStream<Transport>>, Session)> {
    let shared = &desk.shared;
    let certificates = &shared.secure.as_ref()?.certificates;
    let accepting = async {
        if !transport.begins_with_handshake().await? {
            transport.write_all(error::PLAIN_ANSWER).await?;
            transport.shutdown().await?;
            return Err(io::Error::other("plain HTTP on the HTTPS listener"));
        }
        tls::accept(certificates, transport).await
    };
    match tokio::time::timeout(patience, accepting).await {
        Ok(Ok(None)) => None,
        Ok(Ok(Some((stream, served)))) => {
            let server_name = stream.get_ref().1.server_name().map(Box::from);
            let session = Session {
                server_name,
                served,
            };
            // Boxed: the session is large, and is handed from one stage to the next.
            Some((Box::new(stream), session))
        }
        Ok(Err(error)) => {
            shared.metrics.connections.handshake_failed();
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            shared.metrics.connections.handshake_timed_out();
            None
        }
    }
}

/// HTTP/1.0 and 1.1.
async fn one_at_a_time<S>(stream: S, link: Arc<Link>, drain: &Drain, switch: &Switch)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let config = &link.config;
    let mut watchdog = watchdog(config, Multiplex::One, &link.pulse);
    let served = Arc::clone(&link);
    let service = service_fn(move |request| phases::serve(Arc::clone(&served), request));
    let mut builder = http1::Builder::new();
    builder
        .max_header_size(config.request.head.len())
        .max_buf_size(config.request.head.len().max(READ_BUFFER));
    // The watchdog knows a pause from a slow head; hyper's timer does not.
    builder.header_read_timeout(None);
    let mut connection = builder.serve_connection(TokioIo::new(Curtain::new(stream)), service);
    let outcome = drive(&mut connection, &mut watchdog, &link, drain).await;
    let parts = connection.into_parts();
    let (mut stream, held) = parts.io.into_inner().open();
    let received = parts.read_buf;
    match outcome {
        Outcome::Ended(Ok(())) => {
            if let Some(takeover) = switch.take() {
                let (stream, ahead) = (Box::new(stream), received);
                return takeover(Client { stream, ahead }).await;
            }
            say(&mut stream, &held).await;
            linger(stream, &link).await;
        }
        Outcome::Ended(Err(error)) => {
            let answer = headless::unreadable(&link, &error, &received);
            // hyper says nothing of its own while an earlier answer is under way; neither do we then.
            let last = answer.filter(|_| !held.is_empty()).unwrap_or(held);
            say(&mut stream, &last).await;
            linger(stream, &link).await;
        }
        Outcome::Overdue(overdue) => {
            say(&mut stream, &held).await;
            close(stream, &link, (overdue, &received)).await;
        }
        Outcome::Banned => link.shared().metrics.connections.banned(),
    }
}

/// Writes the connection's last words, if there are any.
async fn say<S: AsyncWrite + Unpin>(stream: &mut S, words: &[u8]) {
    if words.is_empty() {
        return;
    }
    let saying = async {
        stream.write_all(words).await?;
        stream.shutdown().await
    };
    // Best effort: whoever does not read them is gone all the same.
    let _: Result<io::Result<()>, _> = tokio::time::timeout(LINGER, saying).await;
}

/// HTTP/2.
async fn many_at_a_time<S>(stream: S, link: Arc<Link>, drain: &Drain)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut watchdog = watchdog(&link.config, Multiplex::Many, &link.pulse);
    let served = Arc::clone(&link);
    // Boxed, since the protocol's machinery moves it from hand to hand.
    let service = service_fn(move |request| Box::pin(phases::serve(Arc::clone(&served), request)));
    let mut connection = http2_builder().serve_connection(TokioIo::new(stream), service);
    match drive(&mut connection, &mut watchdog, &link, drain).await {
        Outcome::Ended(Ok(())) => {}
        Outcome::Ended(Err(error)) => tracing::debug!(%error, "an HTTP/2 connection failed"),
        Outcome::Overdue(overdue) => link.shared().metrics.connections.overdue(overdue),
        Outcome::Banned => link.shared().metrics.connections.banned(),
    }
}

/// Windows and lists small enough that ten thousand connections fit a small host; the limits on resets answer
/// "rapid reset" (CVE-2023-44487) and "made you reset" (CVE-2025-8671).
fn http2_builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .initial_stream_window_size(64 * 1024)
        .initial_connection_window_size(256 * 1024)
        .max_concurrent_streams(100)
        .enable_connect_protocol()
        .max_header_list_size(16 * 1024)
        .max_send_buf_size(64 * 1024)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(64)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}

fn watchdog(config: &Config, multiplex: Multiplex, pulse: &Pulse) -> Watchdog {
    Watchdog::new(&config.timeout, multiplex, pulse)
}

enum Outcome {
    Ended(hyper::Result<()>),
    Overdue(Overdue),
    /// The client was banned in the meantime, and hears no more.
    Banned,
}

/// Either of hyper's connections.
trait Connection {
    /// Whether the protocol can tell a client to go without losing a request that is on its way. HTTP/1 can't: a
    /// connection at rest stays until its next request, whose answer says so.
    const GOES_WHEN_TOLD: bool;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>>;

    /// Finishes what is in flight and takes nothing new.
    fn wind_down(&mut self);
}

impl<I, S, B> Connection for http1::Connection<I, S>
where
    Self: Future<Output = hyper::Result<()>> + Unpin,
    S: HttpService<Incoming, ResBody = B, Error = Infallible>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body<Error = BoxError> + 'static,
{
    const GOES_WHEN_TOLD: bool = false;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        Future::poll(Pin::new(self), cx)
    }

    fn wind_down(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

impl<I, S, B> Connection for http2::Connection<I, S, TokioExecutor>
where
    Self: Future<Output = hyper::Result<()>> + Unpin,
    S: HttpService<Incoming, ResBody = B, Error = Infallible>,
    I: hyper::rt::Read + hyper::rt::Write + Unpin,
    B: http_body::Body<Error = BoxError> + 'static,
    TokioExecutor: Http2ServerConnExec<S::Future, B>,
{
    const GOES_WHEN_TOLD: bool = true;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
        Future::poll(Pin::new(self), cx)
    }

    fn wind_down(&mut self) {
        Pin::new(self).graceful_shutdown();
    }
}

/// Runs a connection until it ends, a deadline passes or its client is banned; tells it to wind down when the drain begins.
async fn drive<C: Connection>(
    connection: &mut C,
    watchdog: &mut Watchdog,
    link: &Link,
    drain: &Drain,
) -> Outcome {
    let mut bell = pin!(drain.bell());
    let mut obeyed = None;
    poll_fn(|cx| {
        // Registered once for each state: the bell keeps the task's waker, and the state is what counts.
        if obeyed != Some(drain.state()) {
            bell.set(drain.bell());
            let _ = bell.as_mut().poll(cx);
            let state = drain.state();
            let stage = state.stage();
            let is_new = obeyed.replace(state).map(State::stage) != Some(stage);
            if link.desk.bans(link.peer) {
                return Poll::Ready(Outcome::Banned);
            }
            let goes = stage == Stage::Draining || stage == Stage::Leaving && C::GOES_WHEN_TOLD;
            if is_new && goes {
                watchdog.drains(link.pulse.now());
                connection.wind_down();
            }
        }
        if let Poll::Ready(result) = connection.poll(cx) {
            return Poll::Ready(Outcome::Ended(result));
        }
        watchdog.poll(cx, &link.pulse).map(Outcome::Overdue)
    })
    .await
}

/// Waits a little for a client that is still sending what nobody reads.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, link: &Link) {
    if !link.pulse.has_unread_body() {
        return;
    }
    let farewell = async {
        // hyper leaves this out when the request asked for another protocol.
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(LINGER_BYTES), &mut tokio::io::sink()).await
    };
    // Whether the client stopped, broke off or went on: the connection ends here.
    let _: Result<io::Result<u64>, _> = tokio::time::timeout(LINGER, farewell).await;
}

/// Closes a connection whose deadline has passed. A client that was slow with its request is told so.
async fn close<S: AsyncWrite + Unpin>(
    mut stream: S,
    link: &Link,
    (overdue, received): (Overdue, &[u8]),
) {
    link.shared().metrics.connections.overdue(overdue);
    let farewell = async {
        if overdue == Overdue::Head && link.pulse.has_begun_head() {
            stream
                .write_all(&headless::unfinished(link, received))
                .await?;
        }
        stream.shutdown().await
    };
    if overdue != Overdue::Write {
        // Best effort: whoever does not read it is gone all the same.
        let _: Result<io::Result<()>, _> = tokio::time::timeout(LINGER, farewell).await;
    }
}
