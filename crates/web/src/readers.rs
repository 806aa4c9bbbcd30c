//! For whom a request reads: by what it says of who sent it, before anybody has looked whether that is true.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use axum::extract::Request;
use http::header::AUTHORIZATION;
use school::reading::Reader;
use traffic::Client;

use crate::session_cookie;

/// Tells readers apart, where it matters to the store who reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Readers(Option<RandomState>);

impl Readers {
    /// For a store whose copies lag; otherwise nobody is told from anybody, which costs nothing.
    pub(crate) fn told_apart(is_needed: bool) -> Self {
        Self(is_needed.then(RandomState::new))
    }

    /// By the token, or the session, or else the address.
    pub(crate) fn of(&self, request: &Request, client: &Client) -> Option<Reader> {
        let mut hasher = self.0.as_ref()?.build_hasher();
        let headers = request.headers();
        if let Some(token) = headers.get(AUTHORIZATION) {
            token.as_bytes().hash(&mut hasher);
        } else if let Some(secret) = session_cookie::find(headers, client) {
            secret.hash(&mut hasher);
        } else {
            client.address.hash(&mut hasher);
        }
        Some(Reader(hasher.finish()))
    }
}
