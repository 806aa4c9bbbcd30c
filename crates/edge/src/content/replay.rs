//! A request's body of unknown length that can be sent again while little of it has arrived.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::combinators::BoxBody;

use super::BoxError;

/// Of a longer body nothing is kept.
const MOST: usize = 64 * 1024;

pub(super) type Part = Option<Result<Frame<Bytes>, BoxError>>;

/// One sending of the body; the newest one gets it, from the start.
pub(crate) struct Replay {
    kept: Arc<Mutex<Kept>>,
    /// Which sending this is. The first only holds the body, and is never sent.
    turn: u32,
    next: usize,
}

struct Kept {
    source: BoxBody<Bytes, BoxError>,
    parts: Vec<Bytes>,
    bytes: usize,
    turn: u32,
    /// Something has passed that was not kept.
    is_past: bool,
    has_ended: bool,
}

impl Replay {
    pub(crate) fn new(source: BoxBody<Bytes, BoxError>) -> Self {
        let kept = Kept {
            source,
            parts: Vec::new(),
            bytes: 0,
            turn: 0,
            is_past: false,
            has_ended: false,
        };
        Self {
            kept: Arc::new(Mutex::new(kept)),
            turn: 0,
            next: 0,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another sending, after which those before get nothing more; `None` when too much has passed.
    pub(super) fn again(&self) -> Option<Self> {
        let mut kept = self.kept();
        if kept.is_past {
            return None;
        }
        kept.turn += 1;
        Some(Self {
            kept: Arc::clone(&self.kept),
            turn: kept.turn,
            next: 0,
        })
    }

    pub(super) fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Part> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.turn != self.turn {
            return Poll::Ready(Some(Err("the body is sent anew".into())));
        }
        if let Some(part) = kept.parts.get(self.next).cloned() {
            self.next += 1;
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        if kept.has_ended {
            return Poll::Ready(None);
        }
        let part = ready!(Pin::new(&mut kept.source).poll_frame(cx));
        kept.keep(part.as_ref());
        self.next = kept.parts.len();
        Poll::Ready(part)
    }
}

impl Kept {
    fn keep(&mut self, part: Option<&Result<Frame<Bytes>, BoxError>>) {
        match part {
            None => self.has_ended = true,
            Some(Ok(frame)) => match frame.data_ref() {
                Some(data) if !self.is_past && self.bytes + data.len() <= MOST => {
                    self.bytes += data.len();
                    self.parts.push(data.clone());
                }
                _ => self.pass(),
            },
            Some(Err(_)) => self.pass(),
        }
    }

    fn pass(&mut self) {
        self.is_past = true;
        self.parts = Vec::new();
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        // The holder goes when there is an answer; what the last sending has yet to send stays.
        if self.turn == 0 {
            let mut kept = self.kept();
            kept.is_past = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, StreamBody};

    use super::*;

    /// A body of parts of 1,000 bytes.
    fn body(parts: usize) -> Replay {
        let parts = (0..parts).map(|_| Ok(Frame::data(Bytes::from(vec![1; 1000]))));
        Replay::new(BodyExt::boxed(StreamBody::new(futures_util::stream::iter(
            parts,
        ))))
    }

    fn read(sending: &mut Replay, parts: usize) -> usize {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut read = 0;
        for _ in 0..parts {
            match sending.poll_part(&mut cx) {
                Poll::Ready(Some(Ok(frame))) => read += frame.into_data().unwrap().len(),
                _ => return read,
            }
        }
        read
    }

    #[test]
    fn a_body_is_sent_from_its_start_each_time() {
        let holder = body(10);
        let mut first = holder.again().unwrap();
        assert_eq!(read(&mut first, 4), 4000);
        let mut second = holder.again().unwrap();
        assert_eq!(read(&mut first, 1), 0);
        assert_eq!(read(&mut second, 2), 2000);
        // What is kept for the last sending outlives the holder.
        drop(holder);
        assert_eq!(read(&mut second, 99), 8000);
    }

    #[test]
    fn a_long_body_can_be_sent_once() {
        let holder = body(100);
        let mut first = holder.again().unwrap();
        assert_eq!(read(&mut first, 65), 65_000);
        assert!(holder.again().is_some());
        let mut last = holder.again().unwrap();
        assert_eq!(read(&mut last, 66), 66_000);
        assert!(holder.again().is_none());
        assert_eq!(read(&mut last, 99), 34_000);
    }
}
