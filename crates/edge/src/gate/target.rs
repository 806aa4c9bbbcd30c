//! The request's target: a path on this server, in a form that has one reading.

use http::request::Parts;
use http::uri::PathAndQuery;

use crate::error::{self, Refusal};

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

/// Whether a path has only one reading.
pub(crate) fn is_plain(path: &str) -> bool {
    !path.contains("//") && !path.contains("/.") && !path.contains('%')
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

/// The path as the most eager server would read it: percent signs undone, empty and dot segments resolved.
pub(crate) fn normal(path: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    for segment in decoded(path).split(['/', '\\']) {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            other => segments.push(other.to_owned()),
        }
    }
    format!("/{}", segments.join("/"))
}

fn decoded(path: &str) -> String {
    let mut rest = path.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = if byte == b'%' { escape(after) } else { None };
        decoded.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() {
            &after[2..]
        } else {
            after
        };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The byte that two hexadecimal digits stand for.
fn escape(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits.get(..2)?).ok()?;
    text.bytes()
        .all(|digit| digit.is_ascii_hexdigit())
        .then(|| u8::from_str_radix(text, 16).ok())
        .flatten()
}
