//! Entity tags (RFC 9110 §8.8.3): a row's version in quotes, always strong.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::app::AppState;

/// The tag of this version.
pub(crate) fn entity_tag(version: i64) -> HeaderValue {
    let mut text = itoa::Buffer::new();
    let digits = text.format(version).as_bytes();
    let mut quoted = [b'"'; 22];
    quoted[1..=digits.len()].copy_from_slice(digits);
    HeaderValue::from_bytes(&quoted[..digits.len() + 2])
        .expect("digits and quotes are a header value")
}

/// Which versions a change is meant for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Whichever there is: no header, or `*`.
    Any,
    /// One of these; none of them if the header could not be read.
    Versions(Vec<i64>),
}

/// Which versions the client has already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IfNoneMatch(IfMatch);

impl IfMatch {
    /// Whether a thing of this version is meant.
    pub(crate) fn covers(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::Versions(versions) => versions.contains(&version),
        }
    }
}

impl IfNoneMatch {
    /// Whether the client has this version.
    pub(crate) fn covers(&self, version: i64) -> bool {
        self.0.covers(version)
    }
}

impl FromRequestParts<AppState> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        // A weak tag never matches here (RFC 9110 §13.1.1).
        Ok(read(&parts.headers, &IF_MATCH, |tag| tag).unwrap_or(Self::Any))
    }
}

impl FromRequestParts<AppState> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        let tags = read(&parts.headers, &IF_NONE_MATCH, without_weakness);
        Ok(Self(tags.unwrap_or(IfMatch::Versions(Vec::new()))))
    }
}

fn read(headers: &HeaderMap, name: &HeaderName, strong: fn(&str) -> &str) -> Option<IfMatch> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    let texts: Vec<&str> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| strong(tag.trim()))
        .collect();
    if texts == ["*"] {
        return Some(IfMatch::Any);
    }
    Some(IfMatch::Versions(
        texts.into_iter().filter_map(version).collect(),
    ))
}

/// A weak tag will do where a copy is checked for being fresh (RFC 9110 §13.1.2).
fn without_weakness(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

fn version(tag: &str) -> Option<i64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, covered: bool) {
        let name = IF_MATCH;
        let mut headers = HeaderMap::new();
        headers.insert(&name, HeaderValue::from_str(value).unwrap());
        let found = read(&headers, &name, |tag| tag).unwrap();
        assert_eq!(found.covers(7), covered, "{value}");
    }

    #[test]
    fn a_tag_is_the_version_in_quotes() {
        for version in [1, 7, i64::MAX] {
            assert_eq!(entity_tag(version), format!("\"{version}\"").as_str());
        }
    }

    #[test]
    fn a_list_of_tags_covers_each_of_them_and_garbage_none() {
        check("*", true);
        check("\"7\"", true);
        check("\"6\", \"7\"", true);
        check("W/\"7\"", false);
        for garbage in ["7", "\"\"", "\"7", "\"seven\"", "", "*, \"7"] {
            check(garbage, false);
        }
    }
}
