//! Calling the service in this process.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use tower::Service;

use crate::start::{Body, LocalService};

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// One worker's copy of the service. Copying it for each request would cost an allocation, and a counter that all
/// workers pull at.
pub(crate) struct Local(Mutex<LocalService>);

impl Local {
    pub(crate) fn new(service: LocalService) -> Self {
        Self(Mutex::new(service))
    }

    /// Begins a call, unless the service has no room at the moment; then the request comes back with a copy of the
    /// service, whose room can be waited for without others in between.
    fn call(&self, request: Request<Body>, cx: &mut Context<'_>) -> Stage {
        let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match service.poll_ready(cx) {
            Poll::Ready(Ok(())) => Stage::Answering(service.call(request)),
            Poll::Pending => Stage::Waiting(service.clone(), request),
        }
    }
}

/// One call: the service's answer, or `None` when it panicked, which must not take the connection's other
/// requests along.
pub(crate) struct Call<'a> {
    local: &'a Local,
    stage: Option<Stage>,
}

enum Stage {
    Asked(Request<Body>),
    Waiting(LocalService, Request<Body>),
    Answering(Answer),
}

impl<'a> Call<'a> {
    pub(crate) fn new(local: &'a Local, request: Request<Body>) -> Self {
        Self {
            local,
            stage: Some(Stage::Asked(request)),
        }
    }

    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Option<Response<Body>>> {
        let mut stage = match self.stage.take() {
            Some(Stage::Asked(request)) => self.local.call(request, cx),
            Some(other) => other,
            None => return Poll::Ready(None),
        };
        if let Stage::Waiting(mut service, request) = stage {
            stage = match service.poll_ready(cx) {
                Poll::Ready(Ok(())) => Stage::Answering(service.call(request)),
                Poll::Pending => Stage::Waiting(service, request),
            };
        }
        let stage = self.stage.insert(stage);
        let Stage::Answering(answer) = stage else {
            return Poll::Pending;
        };
        let Ok(response) = ready!(answer.as_mut().poll(cx));
        Poll::Ready(Some(response))
    }
}

impl Future for Call<'_> {
    type Output = Option<Response<Body>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Response<Body>>> {
        // After a panic the call is over and dropped, so that nobody sees what it left half done.
        catch_unwind(AssertUnwindSafe(|| self.advance(cx))).unwrap_or(Poll::Ready(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Nothing;

    /// Has no room when it is first asked, as each copy of it once more.
    #[derive(Clone)]
    struct Shy {
        has_room: bool,
    }

    impl Service<Request<Body>> for Shy {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            cx.waker().wake_by_ref();
            if std::mem::replace(&mut self.has_room, true) {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            }
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            assert!(self.has_room);
            std::future::ready(Ok(Response::new(Body::new(Nothing))))
        }
    }

    #[tokio::test]
    async fn a_service_without_room_is_waited_for() {
        let local = Local::new(LocalService::new(Shy { has_room: false }));
        for _ in 0..2 {
            let response = Call::new(&local, Request::new(Body::new(Nothing))).await;
            assert_eq!(response.unwrap().status(), 200);
        }
    }
}
