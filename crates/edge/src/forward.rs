//! Calling the service in this process.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use tower::Service;

use crate::start::{Body, LocalService};

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// One call: the service's answer, or `None` when it panicked, which must not take the connection's other
/// requests along.
pub(crate) struct Call {
    service: LocalService,
    request: Option<Request<Body>>,
    answer: Option<Answer>,
}

impl Call {
    pub(crate) fn new(service: LocalService, request: Request<Body>) -> Self {
        Self {
            service,
            request: Some(request),
            answer: None,
        }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        if let Some(request) = self.request.take() {
            match self.service.poll_ready(cx) {
                Poll::Ready(Ok(())) => self.answer = Some(self.service.call(request)),
                Poll::Pending => self.request = Some(request),
            }
        }
        let Some(answer) = &mut self.answer else {
            return Poll::Pending;
        };
        let Ok(response) = ready!(answer.as_mut().poll(cx));
        Poll::Ready(response)
    }
}

impl Future for Call {
    type Output = Option<Response<Body>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Response<Body>>> {
        // After a panic the call is over and dropped, so that nobody sees what it left half done.
        match catch_unwind(AssertUnwindSafe(|| self.advance(cx))) {
            Ok(answer) => answer.map(Some),
            Err(_) => Poll::Ready(None),
        }
    }
}
