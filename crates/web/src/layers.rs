//! What stands around every route, from outside to inside: who the client is, other sites' requests refused, the
//! answer itself, a panic caught, errors written out, nothing kept unless its handler says so.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::header::{ALLOW, CACHE_CONTROL};
use http::{Method, StatusCode};
use tower::Service;
use traffic::Client;

use crate::cache::CachePolicy;
use crate::cross_origin;
use crate::error::{Error, Report};
use crate::language::Language;
use crate::readers::{self, Readers};
use crate::report::Asked;
use crate::shortcuts::Shortcuts;

type Answer = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// Every layer as one service: one box a request instead of one a layer.
#[derive(Clone)]
pub struct Layers {
    routes: Router,
    shortcuts: Option<Shortcuts>,
    /// The language of error pages when the browser states none.
    language: Language,
    readers: Readers,
}

impl Layers {
    pub(crate) fn around(routes: Router, language: Language, readers: Readers) -> Self {
        Self {
            routes,
            shortcuts: None,
            language,
            readers,
        }
    }

    /// With shorter ways to some of the routes.
    pub(crate) fn with(self, shortcuts: Shortcuts) -> Self {
        Self {
            shortcuts: Some(shortcuts),
            ..self
        }
    }

    fn start(&mut self, request: Request) -> Result<Answer, Box<Response>> {
        let Some(client) = request.extensions().get::<Client>().copied() else {
            let cause =
                "the request came without a `traffic::Client`: nothing that listens made it";
            tracing::error!(error = cause, "a request failed");
            return Err(Box::new(StatusCode::INTERNAL_SERVER_ERROR.into_response()));
        };
        let asked = Asked::new(&request, client, self.language);
        if let Err(error) = cross_origin::check(&request, &client) {
            return Err(Box::new(finish(&asked, error.into_response())));
        }
        let is_options = request.method() == Method::OPTIONS;
        let reader = self.readers.of(&request, &client);
        let tells = self.readers.tell(&request);
        let shortcut = self.shortcuts.as_ref();
        // Boxed either way: within the layers' own future it would be moved about, and twice as large.
        let answer = match shortcut.and_then(|shortcuts| shortcuts.find(&request)) {
            Some(handler) => handler(request),
            None => Box::pin(self.routes.call(request).map(|Ok(response)| response)),
        };
        let answer = AssertUnwindSafe(answer).catch_unwind();
        Ok(Box::pin(async move {
            let answered = match reader {
                Some(reader) => reader.scope(answer).await,
                None => answer.await,
            };
            let response = match answered {
                Ok(response) => response,
                Err(panic) => Error::internal(panic_text(&*panic)).into_response(),
            };
            let response = if is_options {
                options(response)
            } else {
                response
            };
            let response = finish(&asked, response);
            Ok(if tells {
                readers::told(response, &client)
            } else {
                response
            })
        }))
    }
}

impl Service<Request> for Layers {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answer {
        self.start(request)
            .unwrap_or_else(|response| Box::pin(ready(Ok(*response))))
    }
}

/// A router that knows the path but not the method says so with a bare 405 and the methods it knows.
fn options(response: Response) -> Response {
    match response.headers().get(ALLOW) {
        Some(allow) if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let allow = allow.clone();
            (StatusCode::NO_CONTENT, [(ALLOW, allow)]).into_response()
        }
        _ => response,
    }
}

fn finish(asked: &Asked, mut response: Response) -> Response {
    let response = match response.extensions_mut().remove::<Arc<Report>>() {
        Some(report) => asked.answer(&report),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            let allow = response.headers_mut().remove(ALLOW);
            return finish(asked, Error::method_not_allowed(allow).into_response());
        }
        None => response,
    };
    kept_by_nobody(response)
}

fn kept_by_nobody(mut response: Response) -> Response {
    let kept = response.headers_mut().entry(CACHE_CONTROL);
    kept.or_insert_with(|| CachePolicy::NoStore.value());
    response
}

/// The text of a panic, for the log.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a text"))
}

#[cfg(test)]
mod tests;
