//! The API's addresses found without the router, which takes longer to find one, and to hand it its number, than most
//! handlers take to answer. They are the router's own: the same handlers, by the paths and methods of their declarations.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler as _;
use axum::response::Response;
use http::Method;
use utoipa::Path;
use utoipa::openapi::HttpMethod;

use crate::api::{messages, users};
use crate::app::AppState;

type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;
type Handler = fn(Request, AppState) -> Answer;

/// Those that programs ask for most; for all others, and whatever is not plainly one of these, there is the router.
#[derive(Clone)]
pub(crate) struct Shortcuts {
    ways: Arc<[Way]>,
    state: AppState,
}

struct Way {
    method: Method,
    /// The path, or what stands before the number at its end.
    start: String,
    has_number: bool,
    handler: Handler,
}

impl Shortcuts {
    pub(crate) fn new(state: AppState) -> Self {
        Self {
            ways: Arc::new(ways()),
            state,
        }
    }

    /// Who answers the request, unless the router shall say.
    pub(crate) fn find(&self, request: &Request) -> Option<impl FnOnce(Request) -> Answer + use<>> {
        let (method, path) = (request.method(), request.uri().path());
        let way = self.ways.iter().find(|way| way.leads_to(method, path))?;
        let (handler, state) = (way.handler, self.state.clone());
        Some(move |request| handler(request, state))
    }
}

fn ways() -> [Way; 5] {
    [
        Way::to::<users::__path_show>(|request, state| users::show.call(request, state)),
        Way::to::<users::__path_list>(|request, state| users::list.call(request, state)),
        Way::to::<users::__path_create>(|request, state| users::create.call(request, state)),
        Way::to::<messages::__path_list>(|request, state| messages::list.call(request, state)),
        Way::to::<messages::__path_post>(|request, state| messages::post.call(request, state)),
    ]
}

impl Way {
    fn to<P: Path>(handler: Handler) -> Self {
        let method = P::methods().first().map(named);
        let path = P::path();
        let (start, has_number) = match path.strip_suffix("{id}") {
            Some(start) => (start.to_owned(), true),
            None => (path, false),
        };
        Self {
            method: method.expect("an operation is declared for a method"),
            start,
            has_number,
            handler,
        }
    }

    fn leads_to(&self, method: &Method, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(self.start.as_str()) else {
            return false;
        };
        let is_whole = if self.has_number {
            is_number(rest)
        } else {
            rest.is_empty()
        };
        is_whole && self.method == *method
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn named(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &Method, path: &str, is_short: bool) {
        let ways = ways();
        let found = ways.iter().any(|way| way.leads_to(method, path));
        assert_eq!(found, is_short, "{method} {path}");
    }

    #[test]
    fn what_is_not_plainly_one_of_the_addresses_is_left_to_the_router() {
        check(&Method::GET, "/user/7", true);
        check(&Method::GET, "/user/007", true);
        check(&Method::GET, "/users", true);
        check(&Method::POST, "/user", true);
        check(&Method::HEAD, "/user/7", false);
        check(&Method::DELETE, "/user/7", false);
        for path in [
            "/user/",
            "/user/%37",
            "/user/+7",
            "/user/7/",
            "/user//7",
            "/users/",
            "/userss",
            "/user/7/8",
            "",
        ] {
            check(&Method::GET, path, false);
        }
    }
}
