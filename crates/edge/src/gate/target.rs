//! The request's target: a path on this server, in a form that has one reading.

use http::request::Parts;
use http::uri::PathAndQuery;

use crate::error::{self, Refusal};
use crate::path::{is_plain, normal};

/// The target is `/…` or `http(s)://authority/…`, short enough, and plain.
pub(super) fn check(head: &Parts, most: usize) -> Result<(), &'static Refusal> {
    let uri = &head.uri;
    let Some(target) = uri.path_and_query() else {
        return Err(&error::TARGET_FORM);
    };
    if uri.scheme().is_none() && uri.authority().is_some() {
        return Err(&error::TARGET_FORM);
    }
    if target.as_str().len() > most {
        return Err(&error::TARGET_TOO_LONG);
    }
    if !uri.path().starts_with('/') {
        return Err(&error::TARGET_FORM);
    }
    if target
        .as_str()
        .bytes()
        .any(|byte| !byte.is_ascii_graphic() || byte == b'\\')
    {
        return Err(&error::TARGET_CHARACTER);
    }
    if is_ambiguous(target) {
        Err(&error::TARGET_AMBIGUOUS)
    } else {
        Ok(())
    }
}

/// Whether a server that resolves `..`, `//` or `%2e` would see a path that the edge treats differently.
fn is_ambiguous(target: &PathAndQuery) -> bool {
    let path = target.path();
    !is_plain(path) && kind(path) != kind(&normal(path))
}

/// How the edge treats a path: what it exempts, and what it does not redirect.
#[derive(PartialEq)]
enum Kind {
    Health,
    Challenge,
    Other,
}

fn kind(path: &str) -> Kind {
    match path {
        "/health" => Kind::Health,
        _ if path.starts_with(crate::redirect::CHALLENGES) => Kind::Challenge,
        _ => Kind::Other,
    }
}
