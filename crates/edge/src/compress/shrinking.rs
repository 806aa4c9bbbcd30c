//! An answer's body, compressed on its way.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};

use super::Place;
use super::encoder::Encoder;
use crate::content::{Body, BoxError};

/// Compressed before other requests of this thread have their turn: a third of a millisecond at most.
const TURN: usize = 16 * 1024;

/// Sent at a time, unless the sender pauses or ends.
const PART: usize = 4 * 1024;

/// Compresses as much as the client takes; what is there is sent at once when the sender pauses.
pub(super) struct Shrinking {
    body: Body,
    /// Received and not compressed yet.
    rest: Bytes,
    /// Absent once the end was made.
    encoder: Option<Encoder>,
    has_unflushed: bool,
    trailers: Option<HeaderMap>,
    _place: Place,
}

impl Shrinking {
    pub(super) fn new(body: Body, encoder: Encoder, place: Place) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            encoder: Some(encoder),
            has_unflushed: false,
            trailers: None,
            _place: place,
        }
    }

    /// Compresses one turn's worth of what is there.
    fn work(&mut self) -> Result<Bytes, BoxError> {
        let part = self.rest.split_to(self.rest.len().min(TURN));
        let Some(encoder) = &mut self.encoder else {
            return Ok(Bytes::new());
        };
        encoder.write(&part)?;
        let out = encoder.take(PART);
        self.has_unflushed = true;
        Ok(out)
    }

    /// What came so far, all of it.
    fn flush(&mut self) -> Result<Bytes, BoxError> {
        self.has_unflushed = false;
        let Some(encoder) = &mut self.encoder else {
            return Ok(Bytes::new());
        };
        encoder.flush()?;
        Ok(encoder.take(0))
    }

    /// The end of the compressed body, and then the trailers, if there were any.
    fn end(&mut self) -> Option<Result<Frame<Bytes>, BoxError>> {
        if let Some(encoder) = self.encoder.take() {
            return Some(encoder.finish().map(Frame::data).map_err(BoxError::from));
        }
        Some(Ok(Frame::trailers(self.trailers.take()?)))
    }

    fn step(&mut self, cx: &mut Context<'_>) -> Step {
        if !self.rest.is_empty() {
            return Step::of(self.work());
        }
        if self.encoder.is_none() || self.trailers.is_some() {
            return Step::Next(self.end());
        }
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => self.trailers = other.into_trailers().ok(),
                }
                Step::Going
            }
            Poll::Ready(Some(Err(error))) => Step::Next(Some(Err(error))),
            Poll::Ready(None) => Step::Next(self.end()),
            Poll::Pending if self.has_unflushed => Step::of(self.flush()),
            Poll::Pending => Step::Waiting,
        }
    }
}

/// What one step came to: it took in at most one frame or one turn's worth.
enum Step {
    /// To be sent, or the end.
    Next(Option<Result<Frame<Bytes>, BoxError>>),
    /// Nothing to send yet, and more to do.
    Going,
    /// The sender pauses.
    Waiting,
}

impl Step {
    fn of(out: Result<Bytes, BoxError>) -> Self {
        match out {
            Ok(out) if out.is_empty() => Self::Going,
            out => Self::Next(Some(out.map(Frame::data))),
        }
    }
}

impl http_body::Body for Shrinking {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        for _ in 0..4 {
            match self.step(cx) {
                Step::Next(frame) => return Poll::Ready(frame),
                Step::Going => {}
                Step::Waiting => return Poll::Pending,
            }
        }
        // Others have their turn now.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.encoder.is_none() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
