//! The socket beneath TLS, with the connection's pulse taken at each read and write.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::pulse::Pulse;

/// So many bytes are copied together before they are written: for fewer, the kernel takes longer to look at several
/// places than it takes us to copy them.
const SHORT: usize = 1024;

/// A socket that tells the pulse when bytes came, when they went, and when the client takes none.
#[derive(Debug)]
pub(crate) struct Transport {
    socket: TcpStream,
    pulse: Arc<Pulse>,
}

impl Transport {
    pub(crate) fn new(socket: TcpStream, pulse: Arc<Pulse>) -> Self {
        Self { socket, pulse }
    }

    /// Whether the first byte, which stays unread, begins a TLS record and not, say, the word `GET`.
    pub(crate) async fn begins_with_handshake(&self) -> io::Result<bool> {
        const HANDSHAKE: u8 = 0x16;
        let mut first = [0];
        let count = self.socket.peek(&mut first).await?;
        Ok(count == 0 || first[0] == HANDSHAKE || !first[0].is_ascii_alphabetic())
    }

    fn told<T>(&self, outcome: Poll<T>) -> Poll<T> {
        match outcome {
            Poll::Pending => self.pulse.is_blocked(),
            Poll::Ready(_) => self.pulse.has_written(),
        }
        outcome
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.socket).poll_read(cx, buffer);
        let bytes = buffer.filled().len() - before;
        if bytes > 0 {
            self.pulse.has_read(bytes);
        }
        outcome
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.told(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: usize = slices.iter().map(|slice| slice.len()).sum();
        let outcome = if bytes <= SHORT {
            let mut whole = [0; SHORT];
            let mut rest = &mut whole[..];
            for slice in slices {
                let (part, after) = rest.split_at_mut(slice.len());
                part.copy_from_slice(slice);
                rest = after;
            }
            Pin::new(&mut self.socket).poll_write(cx, &whole[..bytes])
        } else {
            Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
        };
        self.told(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
