//! A request on its way out: the head, and then the body as it comes.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::Body as _;
use tokio::io::AsyncWrite;

use super::super::asking::Asking;
use super::super::line::Line;
use crate::content::Outgoing;

/// A body up to this length is copied behind the head, which costs less than a second part to write.
const SHORT: usize = 4 * 1024;

/// Why a request can't be sent to its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// The target takes nothing more.
    Line,
    /// The body broke off, or is not what the head says.
    Body,
}

/// What is still to be sent.
pub(super) struct Upload {
    /// The head, or a chunk's size; then a part of the body, then the end of a chunk.
    head: Vec<u8>,
    written: usize,
    part: Bytes,
    tail: &'static [u8],
    body: Outgoing,
    framing: Framing,
    /// Whether the target's end has taken any of it.
    has_begun: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    /// So much is missing.
    Length(u64),
    Chunked,
    /// The last bytes are written, but may rest in a buffer.
    Flush,
    Done,
}

impl Default for Upload {
    fn default() -> Self {
        Self {
            head: Vec::new(),
            written: 0,
            part: Bytes::new(),
            tail: b"",
            body: Outgoing::Nothing,
            framing: Framing::Done,
            has_begun: false,
        }
    }
}

impl Upload {
    /// Begins with another request.
    pub(super) fn begin(&mut self, asking: &Asking<'_>, mut body: Outgoing) {
        let stated = match body {
            Outgoing::Nothing => None,
            _ => length(&asking.head.headers),
        };
        let is_chunked = matches!(body, Outgoing::Streamed(_)) && stated.is_none();
        self.head.clear();
        (self.written, self.tail, self.has_begun) = (0, b"", false);
        asking.write(is_chunked, &mut self.head);
        self.framing = match (&mut body, stated) {
            (Outgoing::Nothing, _) => Framing::Flush,
            (Outgoing::Whole(bytes), _) if bytes.len() <= SHORT => {
                self.head.extend_from_slice(bytes);
                Framing::Flush
            }
            (Outgoing::Whole(bytes), _) => {
                self.part = bytes.clone();
                Framing::Flush
            }
            (_, Some(length)) => Framing::Length(length),
            (_, None) => Framing::Chunked,
        };
        self.body = body;
    }

    pub(super) fn is_done(&self) -> bool {
        self.framing == Framing::Done
    }

    /// Whether the target may have seen any of it.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// The body, so that it can be sent elsewhere; whole as long as nothing has begun.
    pub(super) fn take_body(&mut self) -> Outgoing {
        self.framing = Framing::Done;
        self.part = Bytes::new();
        std::mem::replace(&mut self.body, Outgoing::Nothing)
    }

    /// Sends what there is, until the end.
    pub(super) fn poll(
        &mut self,
        line: &mut Line,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Broken>> {
        loop {
            ready!(self.poll_write(line, cx)).map_err(|_| Broken::Line)?;
            match self.framing {
                Framing::Done => return Poll::Ready(Ok(())),
                Framing::Flush => {
                    ready!(flush(line, cx))?;
                    self.framing = Framing::Done;
                    self.body = Outgoing::Nothing;
                }
                Framing::Length(_) | Framing::Chunked => match self.poll_part(cx)? {
                    Poll::Ready(part) => self.put(part)?,
                    // Nothing stays behind while the client pauses.
                    Poll::Pending => {
                        ready!(flush(line, cx))?;
                        return Poll::Pending;
                    }
                },
            }
        }
    }

    fn poll_write(&mut self, line: &mut Line, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let head = &self.head[self.written..];
            let line = Pin::new(&mut *line);
            let count = match (head.is_empty(), self.part.is_empty()) {
                (true, true) if self.tail.is_empty() => return Poll::Ready(Ok(())),
                (false, true) if self.tail.is_empty() => ready!(line.poll_write(cx, head))?,
                _ => {
                    let parts = [head, &self.part, self.tail].map(IoSlice::new);
                    ready!(line.poll_write_vectored(cx, &parts))?
                }
            };
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.has_begun = true;
            self.has_written(count);
        }
    }

    fn has_written(&mut self, count: usize) {
        let of_head = count.min(self.head.len() - self.written);
        let of_part = (count - of_head).min(self.part.len());
        self.written += of_head;
        self.part.advance(of_part);
        self.tail = &self.tail[count - of_head - of_part..];
    }

    /// The next part of the body; `None` at its end.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        loop {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => return Poll::Ready(Ok(None)),
                Some(Err(_)) => return Poll::Ready(Err(Broken::Body)),
                // What is no data are trailers, which HTTP/1.1 has only where both ends agreed before.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Poll::Ready(Ok(Some(data))),
                    _ => {}
                },
            }
        }
    }

    /// Frames a part, or the end.
    fn put(&mut self, part: Option<Bytes>) -> Result<(), Broken> {
        (self.written, self.tail) = (0, b"");
        self.head.clear();
        match (self.framing, part) {
            (Framing::Length(left), Some(part)) => {
                let left = left.checked_sub(part.len() as u64).ok_or(Broken::Body)?;
                // That there is no more need not be said.
                self.framing = if left == 0 {
                    Framing::Flush
                } else {
                    Framing::Length(left)
                };
                self.part = part;
            }
            (Framing::Length(1..), None) => return Err(Broken::Body),
            (Framing::Chunked, Some(part)) => {
                // Writing to memory does not fail.
                let _ = write!(self.head, "{:x}\r\n", part.len());
                self.tail = b"\r\n";
                self.part = part;
            }
            (framing, _) => {
                if framing == Framing::Chunked {
                    self.head.extend_from_slice(b"0\r\n\r\n");
                }
                self.framing = Framing::Flush;
            }
        }
        Ok(())
    }
}

/// The length that a head states.
fn length(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

fn flush(line: &mut Line, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
    Pin::new(line).poll_flush(cx).map_err(|_| Broken::Line)
}
