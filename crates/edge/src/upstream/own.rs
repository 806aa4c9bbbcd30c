//! One HTTP/1.1 connection to a target, for one request at a time, driven by whoever waits for the answer.

pub(crate) mod chunks;
pub(crate) mod head;
mod intake;
mod upload;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::arriving::{Arriving, Failure};
use super::asking::Asking;
use super::line::Line;
use super::target::Target;
use super::unreachable::Unreachable;
use crate::content::Outgoing;
use crate::patience::Patience;
use chunks::Piece;
use head::{Head, Malformed};
use intake::Intake;
use upload::{Broken, Upload};

/// A connection; dropping it closes it, whatever it is doing.
pub(crate) struct Own {
    line: Line,
    intake: Intake,
    upload: Upload,
    /// The rest of a request whose answer came before its end.
    rest: Option<Rest>,
    /// Whether another request may follow.
    persists: bool,
    /// Whether the target took less than the whole request.
    is_refused: bool,
    /// For those who wait for its answers.
    pub(super) patience: Patience,
    /// How long the target said that it keeps the connection.
    pub(super) stated: Option<Duration>,
    /// Since when it rests, in milliseconds.
    resting: u64,
}

/// A request that is still being sent; dropping it breaks it off.
struct Rest(JoinHandle<Result<(), Broken>>);

impl Drop for Rest {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Own {
    /// Connects within the time.
    pub(super) async fn dial(target: &Target, within: Duration) -> Result<Box<Self>, Unreachable> {
        let line = timeout(within, Line::connect(target)).await;
        Ok(Box::new(Self {
            line: line.unwrap_or(Err(Unreachable::Timeout))?,
            intake: Intake::default(),
            upload: Upload::default(),
            rest: None,
            persists: true,
            is_refused: false,
            patience: Patience::default(),
            stated: None,
            resting: 0,
        }))
    }

    /// Sends a request and waits for the head of its answer. After an error, or when it is dropped before its end,
    /// the connection is of no more use.
    pub(super) async fn send(
        &mut self,
        asking: &Asking<'_>,
        body: Outgoing,
    ) -> Result<Response<Arriving>, Failure> {
        self.upload.begin(asking, body);
        self.intake.begin();
        (self.persists, self.is_refused) = (false, false);
        let is_bodiless = asking.is_bodiless();
        let head = poll_fn(|cx| self.poll_head(cx, is_bodiless)).await?;
        Ok(self.answer(head))
    }

    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        is_bodiless: bool,
    ) -> Poll<Result<Head, Failure>> {
        if let Poll::Ready(Err(broken)) = self.upload.poll(&mut self.line, cx) {
            let has_begun = self.upload.has_begun() || !self.line.is_plain();
            let body = self.upload.take_body();
            match broken {
                Broken::Body => return Poll::Ready(Err(Failure::Body)),
                Broken::Line if !has_begun => return Poll::Ready(Err(Failure::Unsent(body))),
                // It may have answered before it closed.
                Broken::Line => self.is_refused = true,
            }
        }
        let head = ready!(self.intake.poll_head(&mut self.line, cx, is_bodiless))?;
        Poll::Ready(head.ok_or(Failure::Closed))
    }

    fn answer(&mut self, head: Head) -> Response<Arriving> {
        self.persists = head.persists && !self.is_refused;
        if !self.upload.is_done() {
            self.send_rest();
        }
        let mut response = Response::new(self.intake.follow(head.framing));
        *response.status_mut() = head.status;
        *response.headers_mut() = head.headers;
        let reason = head.reason.map(ReasonPhrase::try_from);
        if let Some(Ok(reason)) = reason {
            response.extensions_mut().insert(reason);
        }
        response
    }

    /// A task of its own sends what is left, so that a client that is slow to read its answer is read from all the
    /// same.
    fn send_rest(&mut self) {
        let (mut upload, mut line) = (std::mem::take(&mut self.upload), self.line.clone());
        let sending = async move { poll_fn(|cx| upload.poll(&mut line, cx)).await };
        self.rest = Some(Rest(tokio::spawn(sending)));
    }

    /// The answer's next part, or its trailers; fails if it breaks off.
    pub(crate) fn poll_part(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Malformed>>> {
        if self.poll_rest(cx).is_err() {
            return Poll::Ready(Some(Err(Malformed::Unclear)));
        }
        let piece = ready!(self.intake.poll_piece(&mut self.line, cx));
        Poll::Ready(match piece {
            Err(malformed) => Some(Err(malformed)),
            Ok(Piece::End) => None,
            Ok(Piece::Data(data)) => Some(Ok(Frame::data(data))),
            Ok(Piece::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
        })
    }

    /// Looks after the rest of the request. One that broke off for the client's sake breaks its answer off as well; a
    /// target that took no more of it has answered already.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Result<(), Broken> {
        let Some(Rest(task)) = &mut self.rest else {
            return Ok(());
        };
        let Poll::Ready(end) = Pin::new(task).poll(cx) else {
            return Ok(());
        };
        self.rest = None;
        match end {
            Ok(Ok(())) => Ok(()),
            Ok(Err(Broken::Line)) => {
                self.persists = false;
                Ok(())
            }
            Ok(Err(Broken::Body)) | Err(_) => Err(Broken::Body),
        }
    }

    /// Waits until the whole request has been sent.
    pub(crate) async fn settled(&mut self) {
        let sent = poll_fn(|cx| match self.poll_rest(cx) {
            Ok(()) if self.rest.is_some() => Poll::Pending,
            outcome => Poll::Ready(outcome),
        });
        if sent.await.is_err() {
            self.persists = false;
        }
    }

    /// How much of the answer will still come.
    pub(crate) fn left(&self) -> SizeHint {
        self.intake.left()
    }

    /// The memory of a request's headers, which has been answered, serves the next answer's.
    pub(super) fn reuse(&mut self, headers: HeaderMap) {
        self.intake.reuse(headers);
    }

    /// Whether the whole answer has been taken.
    pub(crate) fn has_answered(&self) -> bool {
        self.intake.has_ended()
    }

    /// Whether the answer is all there is: the request has been sent, nothing follows, and the target stays.
    pub(crate) fn is_free(&self) -> bool {
        self.may_become_free() && self.rest.is_none()
    }

    /// The same once the rest of the request has been sent.
    pub(crate) fn may_become_free(&self) -> bool {
        self.persists && self.has_answered() && self.intake.is_empty()
    }

    /// Whether no byte came of an answer.
    pub(super) fn is_untouched(&self) -> bool {
        !self.intake.has_received()
    }

    /// From now on it waits for a request, and the waker is told when the target closes it; false if that has happened
    /// already.
    pub(super) fn rest(&mut self, now: u64, waker: &Waker) -> bool {
        self.resting = now;
        self.intake.shrink();
        !self.is_disturbed(waker)
    }

    /// Whether the target has closed it, or sent something unasked, while it rested.
    pub(super) fn is_disturbed(&self, waker: &Waker) -> bool {
        let mut cx = Context::from_waker(waker);
        self.line.poll_disturbed(&mut cx).is_ready()
    }

    /// To the millisecond.
    pub(super) fn rested(&self, now: u64) -> Duration {
        Duration::from_millis(now.saturating_sub(self.resting))
    }

    /// Whether it can be used again: the target has not closed it.
    pub(super) fn is_quiet(&self) -> bool {
        self.line.is_quiet()
    }

    /// The same by what the runtime knows, which may be older than a close.
    pub(super) fn seems_quiet(&self) -> bool {
        self.line.seems_quiet()
    }

    /// What goes on is broken off: closing will tell the target so.
    pub(super) fn reset(&self) {
        self.line.reset();
    }

    /// The connection itself, and what was read ahead: the target has left HTTP.
    pub(super) fn leave_http(&mut self) -> (Line, Bytes) {
        (self.line.clone(), self.intake.take())
    }
}
