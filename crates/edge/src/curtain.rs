//! Holding back the answer that hyper writes by itself to a head that it cannot read, which says nothing but a status,
//! so that one with a body, a name and our headers can go out in its place.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// hyper's own answers are shorter than this.
const LONGEST: usize = 160;

/// The statuses with which hyper answers a head that it cannot read.
const STATUSES: [&str; 3] = [
    "400 Bad Request",
    "414 URI Too Long",
    "431 Request Header Fields Too Large",
];

/// How old its date may be when it is written.
const RECENT: Duration = Duration::from_secs(30);

/// A stream whose last words are held back if they are hyper's own answer.
#[derive(Debug)]
pub(crate) struct Curtain<S> {
    stream: S,
    held: Vec<u8>,
}

impl<S> Curtain<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            held: Vec::new(),
        }
    }

    /// The stream, and what was held back, if anything.
    pub(crate) fn open(self) -> (S, Vec<u8>) {
        (self.stream, self.held)
    }
}

impl<S: AsyncWrite + Unpin> Curtain<S> {
    /// Writes what was held back: more follows, so it was not hyper's own after all.
    fn release(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.held))?;
            self.held.drain(..count);
        }
        Poll::Ready(Ok(()))
    }

    fn hold(&mut self, cx: &mut Context<'_>, bytes: &[u8], at: usize) -> Poll<io::Result<usize>> {
        if at > 0 {
            return Pin::new(&mut self.stream).poll_write(cx, &bytes[..at]);
        }
        self.held = bytes.to_vec();
        Poll::Ready(Ok(bytes.len()))
    }
}

/// Where hyper's own answer begins, if the bytes end with one. Nearly all others are told by their last bytes.
fn own_answer(bytes: &[u8]) -> Option<usize> {
    if !bytes.ends_with(b" GMT\r\n\r\n") {
        return None;
    }
    let from = bytes.len().saturating_sub(LONGEST);
    let tail = &bytes[from..];
    let at = tail.windows(7).rposition(|part| part == b"HTTP/1.")?;
    let mut lines = std::str::from_utf8(&tail[at..]).ok()?.split("\r\n");
    let status = lines.next()?.get("HTTP/1.1 ".len()..)?;
    let mut line = lines.next()?;
    if line == "connection: close" {
        line = lines.next()?;
    }
    let is_bare = STATUSES.contains(&status) && line == "content-length: 0";
    let date = lines.next()?.strip_prefix("date: ")?;
    let is_all = lines.eq(["", ""]);
    (is_bare && is_all && is_recent(date)).then_some(from + at)
}

/// A file that holds such an answer from another day is a file.
fn is_recent(date: &str) -> bool {
    let now = SystemTime::from(Timestamp::now());
    let age = httpdate::parse_http_date(date).map(|date| now.duration_since(date));
    matches!(age, Ok(Ok(age)) if age < RECENT)
}

impl<S: AsyncRead + Unpin> AsyncRead for Curtain<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Curtain<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.release(cx))?;
        match own_answer(bytes) {
            None => Pin::new(&mut self.stream).poll_write(cx, bytes),
            Some(at) => self.hold(cx, bytes, at),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.release(cx))?;
        let mut filled = slices.iter().filter(|slice| !slice.is_empty());
        let (first, last) = (filled.next(), filled.next_back());
        match (first, last.or(first).and_then(|last| own_answer(last))) {
            // What stands before it goes first; it is offered again then.
            (Some(first), Some(_)) if last.is_some() => {
                Pin::new(&mut self.stream).poll_write(cx, first)
            }
            (Some(only), Some(at)) => self.hold(cx, only, at),
            _ => Pin::new(&mut self.stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Leaves the stream open while something is held back: whoever opens the curtain has the last word.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.held.is_empty() {
            Pin::new(&mut self.stream).poll_shutdown(cx)
        } else {
            Poll::Ready(Ok(()))
        }
    }
}

#[cfg(test)]
mod tests;
