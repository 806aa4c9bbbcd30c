//! What is read from a target: the head of an answer, then its body, both out of one buffer that is used again.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body::SizeHint;
use tokio::io::AsyncReadExt;

use super::super::arriving::Arriving;
use super::super::line::Line;
use super::chunks::{Chunks, Piece};
use super::head::{self, Framing, Head, Malformed};

/// Read at a time: of a head, and of a body.
const HEAD_BYTES: usize = 8 * 1024;
const BODY_BYTES: usize = 64 * 1024;
/// A map of more headers is not kept while a connection rests.
const MOST_SPARE: usize = 32;

/// What was read and not taken yet, and what is still to come.
#[derive(Default)]
pub(super) struct Intake {
    input: BytesMut,
    /// How much of the input holds no end of a head.
    searched: usize,
    coming: Coming,
    /// Whether any byte came since the last request was sent.
    has_received: bool,
    /// Whether a long body made the buffer larger than a head needs.
    has_grown: bool,
    /// Room for the next answer's headers.
    spare: HeaderMap,
}

/// What is still to come of an answer's body.
#[derive(Default)]
enum Coming {
    #[default]
    Nothing,
    Length(u64),
    Chunked(Chunks),
    /// Everything until the target closes.
    Close,
}

impl Intake {
    /// Another request is about to be sent.
    pub(super) fn begin(&mut self) {
        (self.has_received, self.searched) = (false, 0);
    }

    /// Reads until the answer's head is whole; `None` when the target closes before. What only says that an answer
    /// will come is passed over.
    pub(super) fn poll_head(
        &mut self,
        line: &mut Line,
        cx: &mut Context<'_>,
        is_bodiless: bool,
    ) -> Poll<Result<Option<Head>, Malformed>> {
        loop {
            if let Some(head) = self.head(is_bodiless)? {
                return Poll::Ready(Ok(Some(head)));
            }
            if !matches!(ready!(self.poll_fill(line, cx, HEAD_BYTES)), Ok(1..)) {
                return Poll::Ready(Ok(None));
            }
        }
    }

    fn head(&mut self, is_bodiless: bool) -> Result<Option<Head>, Malformed> {
        while self.may_hold_head() {
            let Some(head) = head::read(&mut self.input, is_bodiless, &mut self.spare)? else {
                self.searched = self.input.len();
                return Ok(None);
            };
            self.searched = 0;
            if !head.status.is_informational() || head.status == StatusCode::SWITCHING_PROTOCOLS {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Whether it is worth to read what has come from its start: a head that comes byte by byte is searched once.
    fn may_hold_head(&self) -> bool {
        if self.input.is_empty() {
            return false;
        }
        let fresh = &self.input[self.searched.saturating_sub(2)..];
        self.searched == 0
            || self.input.len() >= head::MOST_BYTES
            || fresh.windows(2).any(|end| end == b"\n\n")
            || fresh.windows(3).any(|end| end == b"\n\r\n")
    }

    /// What follows the head. Short bodies have come with it.
    pub(super) fn follow(&mut self, framing: Framing) -> Arriving {
        self.coming = match framing {
            Framing::Length(0) => Coming::Nothing,
            Framing::Length(length) => Coming::Length(length),
            Framing::Chunked => Coming::Chunked(Chunks::default()),
            Framing::Close => Coming::Close,
        };
        match self.coming {
            Coming::Nothing => Arriving::Nothing,
            Coming::Length(length) if length <= self.input.len() as u64 => {
                // It is no longer than what is in memory.
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                self.coming = Coming::Nothing;
                Arriving::Whole(self.input.split_to(length).freeze())
            }
            _ => Arriving::OverLine,
        }
    }

    /// The next part of the body, or its end; an error if the target closes before.
    pub(super) fn poll_piece(
        &mut self,
        line: &mut Line,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Piece, Malformed>> {
        loop {
            if let Some(piece) = self.piece()? {
                return Poll::Ready(Ok(piece));
            }
            match ready!(self.poll_fill(line, cx, self.wanted())) {
                Ok(1..) => {}
                Ok(0) if matches!(self.coming, Coming::Close) => self.coming = Coming::Nothing,
                Ok(0) | Err(_) => return Poll::Ready(Err(Malformed::Unclear)),
            }
        }
    }

    fn piece(&mut self) -> Result<Option<Piece>, Malformed> {
        if let Coming::Chunked(chunks) = &mut self.coming {
            let piece = chunks.next(&mut self.input)?;
            if chunks.is_done() {
                self.coming = Coming::Nothing;
            }
            return Ok(piece);
        }
        let most = match self.coming {
            Coming::Nothing => return Ok(Some(Piece::End)),
            Coming::Length(left) => usize::try_from(left).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        if self.input.is_empty() {
            return Ok(None);
        }
        let part = self.input.split_to(self.input.len().min(most)).freeze();
        if let Coming::Length(left) = &mut self.coming {
            *left -= part.len() as u64;
            if *left == 0 {
                self.coming = Coming::Nothing;
            }
        }
        Ok(Some(Piece::Data(part)))
    }

    /// Room for one byte more than is missing: a read that leaves room tells the runtime that nothing is left.
    fn wanted(&self) -> usize {
        match self.coming {
            Coming::Length(left) => {
                usize::try_from(left).map_or(BODY_BYTES, |left| BODY_BYTES.min(left + 1))
            }
            _ => BODY_BYTES,
        }
    }

    /// Reads more; 0 is the end.
    fn poll_fill(
        &mut self,
        line: &mut Line,
        cx: &mut Context<'_>,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        self.has_grown |= most > HEAD_BYTES;
        self.input.reserve(most);
        let count = ready!(pin!(line.read_buf(&mut self.input)).poll(cx))?;
        self.has_received |= count > 0;
        Poll::Ready(Ok(count))
    }

    /// How much of the answer will still come.
    pub(super) fn left(&self) -> SizeHint {
        match self.coming {
            Coming::Nothing => SizeHint::with_exact(0),
            Coming::Length(left) => SizeHint::with_exact(left),
            Coming::Chunked(_) | Coming::Close => SizeHint::default(),
        }
    }

    /// The memory of headers that nobody needs any more serves the next answer's.
    pub(super) fn reuse(&mut self, mut headers: HeaderMap) {
        if headers.capacity() <= MOST_SPARE {
            headers.clear();
            self.spare = headers;
        }
    }

    /// Whether the whole answer has been taken.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.coming, Coming::Nothing)
    }

    /// Whether nothing was read that belongs to no answer.
    pub(super) fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    pub(super) fn has_received(&self) -> bool {
        self.has_received
    }

    /// The connection rests: it holds no more memory than a head needs.
    pub(super) fn shrink(&mut self) {
        if std::mem::take(&mut self.has_grown) {
            self.input = BytesMut::new();
        }
    }

    /// Everything that was read ahead.
    pub(super) fn take(&mut self) -> Bytes {
        self.input.split().freeze()
    }
}
