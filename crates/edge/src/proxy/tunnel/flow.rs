//! One direction of a tunnel: what one end sends is written to the other, as fast as that one takes it.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::Frames;
use crate::switch::Duplex;

/// Read at a time. A direction that rests holds no memory for it.
const PART: usize = 16 * 1024;

/// Which end of the tunnel failed.
#[derive(Debug)]
pub(super) enum Broken {
    Reading,
    Writing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// Nothing more will come: what there is is written, and then the end.
    Ending,
    Done,
}

/// What is on its way.
pub(super) struct Flow {
    waiting: Bytes,
    stage: Stage,
    /// Whether something was written that may not have gone out.
    is_unflushed: bool,
    /// Present when the tunnel is a WebSocket.
    frames: Option<Frames>,
    /// The edge ends it, with these last words where a frame ends.
    leave: Option<Bytes>,
    /// Bytes written so far.
    pub(super) passed: u64,
}

impl Flow {
    /// Begins with what was read already.
    pub(super) fn new(ahead: Bytes, is_websocket: bool) -> Self {
        let mut frames = is_websocket.then(Frames::default);
        if let Some(frames) = &mut frames {
            frames.advance(&ahead);
        }
        Self {
            waiting: ahead,
            stage: Stage::Open,
            is_unflushed: false,
            frames,
            leave: None,
            passed: 0,
        }
    }

    /// Ends it in good order: a frame that has begun is passed on to its end, and last come these words, unless
    /// the sender has taken its leave itself. What is no WebSocket just ends.
    pub(super) fn leave(&mut self, words: &[u8]) {
        let is_wanted = self.frames.is_some() && !self.has_left();
        self.leave = Some(if is_wanted {
            Bytes::copy_from_slice(words)
        } else {
            Bytes::new()
        });
    }

    /// Passes on what there is; ready when the sender's end has been passed on as well.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut dyn Duplex,
        to: &mut dyn Duplex,
    ) -> Poll<Result<(), Broken>> {
        loop {
            if !self.waiting.is_empty() {
                ready!(self.poll_write(cx, to)).map_err(|_| Broken::Writing)?;
                continue;
            }
            match self.stage {
                Stage::Done => return Poll::Ready(Ok(())),
                Stage::Ending => {
                    // An end that is gone can't be told; what it sends is still read.
                    let _ = ready!(Pin::new(&mut *to).poll_shutdown(cx));
                    self.stage = Stage::Done;
                }
                Stage::Open if self.is_at_leave() => {
                    self.waiting = self.leave.take().unwrap_or_default();
                    self.stage = Stage::Ending;
                }
                Stage::Open => match self.poll_read(cx, from) {
                    Poll::Ready(Ok(())) => {}
                    // Many leave without a word to TCP or TLS once they have taken their leave.
                    Poll::Ready(Err(_)) if self.has_left() => self.stage = Stage::Ending,
                    Poll::Ready(Err(_)) => return Poll::Ready(Err(Broken::Reading)),
                    Poll::Pending => {
                        ready!(self.poll_flush(cx, to)).map_err(|_| Broken::Writing)?;
                        return Poll::Pending;
                    }
                },
            }
        }
    }

    /// Whether the sender has said that it ends.
    fn has_left(&self) -> bool {
        self.frames.as_ref().is_some_and(Frames::has_closed)
    }

    fn is_at_leave(&self) -> bool {
        self.leave.is_some() && self.rest() == 0
    }

    /// How much of the frame that has begun is missing.
    fn rest(&self) -> u64 {
        self.frames.as_ref().map_or(0, Frames::rest)
    }

    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut (impl AsyncRead + Unpin + ?Sized),
    ) -> Poll<io::Result<()>> {
        let most = if self.leave.is_some() {
            usize::try_from(self.rest()).unwrap_or(PART).min(PART)
        } else {
            PART
        };
        let mut part = [MaybeUninit::uninit(); PART];
        let mut buffer = ReadBuf::uninit(&mut part[..most]);
        ready!(Pin::new(from).poll_read(cx, &mut buffer))?;
        let read = buffer.filled();
        if read.is_empty() {
            self.stage = Stage::Ending;
        } else if let Some(frames) = &mut self.frames {
            frames.advance(read);
        }
        self.waiting = Bytes::copy_from_slice(read);
        Poll::Ready(Ok(()))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut (impl AsyncWrite + Unpin + ?Sized),
    ) -> Poll<io::Result<()>> {
        let count = ready!(Pin::new(to).poll_write(cx, &self.waiting))?;
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.waiting.advance(count);
        self.passed += count as u64;
        self.is_unflushed = true;
        if self.waiting.is_empty() {
            // The memory goes with it.
            self.waiting = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_flush(
        &mut self,
        cx: &mut Context<'_>,
        to: &mut (impl AsyncWrite + Unpin + ?Sized),
    ) -> Poll<io::Result<()>> {
        if self.is_unflushed {
            ready!(Pin::new(to).poll_flush(cx))?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}
