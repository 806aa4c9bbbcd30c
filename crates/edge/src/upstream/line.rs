//! A connection to a target, plain or over TLS, that can be looked at before it is used again.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::target::Target;
use super::unreachable::Unreachable;
use crate::config::Protocol;

/// A handle of a connection. At most one of them reads and one writes; the lock is never contended.
#[derive(Debug, Clone)]
pub(crate) struct Line(Arc<Mutex<Stream>>);

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Line {
    /// Connects, and shakes hands where the target speaks TLS.
    pub(super) async fn connect(target: &Target) -> Result<Self, Unreachable> {
        let socket = TcpStream::connect(target.socket)
            .await
            .map_err(Unreachable::Connect)?;
        // Failing means that the other end is gone, which the first read finds out.
        let _ = socket.set_nodelay(true);
        let _ = lifecycle::notice_death(&SockRef::from(&socket));
        let Some(tls) = &target.tls else {
            return Ok(Self::over(Stream::Plain(socket)));
        };
        let connector = TlsConnector::from(Arc::clone(&tls.config));
        let stream = connector.connect(tls.name.clone(), socket).await;
        let stream = Box::new(stream.map_err(Unreachable::Tls)?);
        let has_agreed = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if target.protocol == Protocol::Http2 && !has_agreed {
            let why = "the target does not offer HTTP/2 (ALPN `h2`)";
            return Err(Unreachable::Tls(io::Error::other(why)));
        }
        Ok(Self::over(Stream::Tls(stream)))
    }

    fn over(stream: Stream) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    fn stream(&self) -> MutexGuard<'_, Stream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closing from now on drops what was not sent, and tells the other end so.
    pub(super) fn reset(&self) {
        // Failing means that there is nobody to be told.
        let _ = SockRef::from(self.stream().socket()).set_linger(Some(Duration::ZERO));
    }

    /// Whether a write that failed has sent nothing: TLS may have sent a part by itself.
    pub(super) fn is_plain(&self) -> bool {
        matches!(*self.stream(), Stream::Plain(_))
    }

    /// Whether the other end has closed; what it sent before may be waiting.
    pub(super) fn has_ended(&self) -> bool {
        match peek(self.stream().socket()) {
            Ok(count) => count == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    /// Whether the other end has neither closed nor sent anything unasked. Asks the system: what the runtime knows
    /// may be older than the close.
    pub(super) fn is_quiet(&self) -> bool {
        let mut stream = self.stream();
        let is_silent = matches!(peek(stream.socket()), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
        is_silent || stream.has_its_own_business()
    }

    /// The same by what the runtime knows, without a system call.
    pub(super) fn seems_quiet(&self) -> bool {
        let known = self.stream().socket().try_io(Interest::READABLE, || Ok(()));
        known.is_err() || self.is_quiet()
    }

    /// Ready when the other end has closed or sent something unasked; until then the waker waits for that.
    pub(super) fn poll_disturbed(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut byte = [0; 1];
        let mut buffer = ReadBuf::new(&mut byte);
        match &mut *self.stream() {
            Stream::Plain(socket) => socket.poll_peek(cx, &mut buffer).map(drop),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, &mut buffer).map(drop),
        }
    }
}

impl Stream {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    /// Whether what came concerns TLS alone, such as tickets for the next session.
    fn has_its_own_business(&mut self) -> bool {
        let Self::Tls(stream) = self else {
            return false;
        };
        let mut byte = [0; 1];
        let mut cx = Context::from_waker(std::task::Waker::noop());
        Pin::new(stream)
            .poll_read(&mut cx, &mut ReadBuf::new(&mut byte))
            .is_pending()
    }
}

fn peek(socket: &TcpStream) -> io::Result<usize> {
    SockRef::from(socket).peek(&mut [MaybeUninit::uninit()])
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self.stream() {
            Stream::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self.stream() {
            Stream::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self.stream() {
            Stream::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        // So do both.
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.stream() {
            Stream::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.stream() {
            Stream::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
