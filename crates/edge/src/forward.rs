//! Calling the service in this process.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use tower::Service;
use tower::util::BoxCloneSyncService;

use crate::content::Body;

/// The service that answers in this process: `web`, as a function call. Each request carries a
/// `traffic::Client` in its extensions.
pub type LocalService = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

/// One worker's copy of the service. Copying it for each request would cost an allocation, and a counter that all
/// workers pull at.
pub(crate) struct Local(Mutex<LocalService>);

impl Local {
    pub(crate) fn new(service: LocalService) -> Self {
        Self(Mutex::new(service))
    }

    /// Begins a call. A service without room at the moment is copied, so that its room can be waited for without
    /// others in between.
    pub(crate) fn call(&self, request: Request<Body>) -> Call {
        let begin = || {
            let mut service = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(Ok(())) => Stage::Answering(service.call(request)),
                Poll::Pending => Stage::Waiting(Box::new((service.clone(), request))),
            }
        };
        Call {
            stage: catch_unwind(AssertUnwindSafe(begin)).ok(),
        }
    }
}

/// One call: the service's answer, or `None` when it panicked, which must not take the connection's other
/// requests along.
pub(crate) struct Call {
    /// `None` after a panic: the call is over, so that nobody sees what it left half done.
    stage: Option<Stage>,
}

enum Stage {
    Waiting(Box<(LocalService, Request<Body>)>),
    Answering(Answer),
}

impl Stage {
    fn poll(mut self, cx: &mut Context<'_>) -> Result<Response<Body>, Self> {
        if let Self::Waiting(mut waiting) = self {
            if waiting.0.poll_ready(cx).is_pending() {
                return Err(Self::Waiting(waiting));
            }
            let (mut service, request) = *waiting;
            self = Self::Answering(service.call(request));
        }
        match &mut self {
            Self::Answering(answer) => match answer.as_mut().poll(cx) {
                Poll::Ready(Ok(response)) => Ok(response),
                Poll::Pending => Err(self),
            },
            Self::Waiting(_) => Err(self),
        }
    }
}

impl Future for Call {
    type Output = Option<Response<Body>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Response<Body>>> {
        let Some(stage) = self.stage.take() else {
            return Poll::Ready(None);
        };
        match catch_unwind(AssertUnwindSafe(|| stage.poll(cx))) {
            Ok(Ok(response)) => Poll::Ready(Some(response)),
            Ok(Err(stage)) => {
                self.stage = Some(stage);
                Poll::Pending
            }
            Err(_) => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Nothing;

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
            let response = local.call(Request::new(Body::new(Nothing))).await;
            assert_eq!(response.unwrap().status(), 200);
        }
    }
}
