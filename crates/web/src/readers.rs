//! For whom a request reads: by what it says of who sent it, before anybody has looked whether that is true.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use axum::extract::Request;
use axum::response::Response;
use http::HeaderValue;
use http::header::{AUTHORIZATION, SET_COOKIE};
use school::reading::Reader;
use traffic::Client;

use crate::{cookies, session_cookie};

/// A browser that has just changed something says so, to whichever process it comes next, and is shown no copy.
const COOKIE: &str = "wrote";
/// A copy that lags so far is shown to nobody any more.
const SECONDS: u32 = 5;

/// Tells readers apart, where it matters to the store who reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readers(Option<RandomState>);

impl Readers {
    /// For a store whose copies lag; otherwise nobody is told from anybody, which costs nothing.
    pub(crate) fn told_apart(is_needed: bool) -> Self {
        Self(is_needed.then(RandomState::new))
    }

    /// By the token, or the session, or else the address. `None` for whom a copy will not do.
    pub(crate) fn of(&self, request: &Request, client: &Client) -> Option<Reader> {
        let mut hasher = self.0.as_ref()?.build_hasher();
        let headers = request.headers();
        if cookies::find(headers, COOKIE).is_some() {
            return None;
        }
        if let Some(token) = headers.get(AUTHORIZATION) {
            token.as_bytes().hash(&mut hasher);
        } else if let Some(secret) = session_cookie::find(headers, client) {
            secret.hash(&mut hasher);
        } else {
            client.address.hash(&mut hasher);
        }
        Some(Reader(hasher.finish()))
    }

    /// Whether a browser is to be told, if this request is answered well, that it has changed something.
    pub(crate) fn tell(&self, request: &Request) -> bool {
        let is_browser = !request.headers().contains_key(AUTHORIZATION);
        self.0.is_some() && is_browser && !request.method().is_safe()
    }
}

/// Tells the browser that it has changed something.
pub(crate) fn told(mut response: Response, client: &Client) -> Response {
    if response.status().as_u16() < 400 {
        let secure = if client.secure { "; Secure" } else { "" };
        let text = format!("{COOKIE}=1; Path=/; Max-Age={SECONDS}; HttpOnly; SameSite=Lax{secure}");
        let cookie = HeaderValue::from_str(&text).expect("a name and a number are a header value");
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
