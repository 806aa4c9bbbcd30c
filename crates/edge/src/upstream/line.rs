//! A connection to a target, plain or over TLS, before anything is said on it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::target::Target;
use super::unreachable::Unreachable;
use super::wire::Wire;
use crate::config::Protocol;

/// What HTTP is spoken over.
#[derive(Debug)]
pub(super) enum Line {
    Plain(Wire),
    Tls(Box<TlsStream<Wire>>),
}

impl Line {
    /// Connects, and shakes hands where the target speaks TLS.
    pub(super) async fn connect(target: &Target) -> Result<(Self, Wire), Unreachable> {
        let socket = TcpStream::connect(target.socket)
            .await
            .map_err(Unreachable::Connect)?;
        // Failing means that the other end is gone, which the first read finds out.
        let _ = socket.set_nodelay(true);
        let _ = lifecycle::notice_death(&SockRef::from(&socket));
        let wire = Wire::new(socket);
        let Some(tls) = &target.tls else {
            return Ok((Self::Plain(wire.clone()), wire));
        };
        let connector = TlsConnector::from(Arc::clone(&tls.config));
        let stream = connector.connect(tls.name.clone(), wire.clone()).await;
        let stream = Box::new(stream.map_err(Unreachable::Tls)?);
        let has_agreed = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        if target.protocol == Protocol::Http2 && !has_agreed {
            let why = "the target does not offer HTTP/2 (ALPN `h2`)";
            return Err(Unreachable::Tls(io::Error::other(why)));
        }
        Ok((Self::Tls(stream), wire))
    }
}

impl AsyncRead for Line {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(wire) => wire.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(wire) => Pin::new(wire).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
