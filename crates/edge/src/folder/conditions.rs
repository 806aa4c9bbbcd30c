//! Whether a request's conditions hold, in the order of RFC 9110 §13.2.2.

use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What the file in its present state is known by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validators<'a> {
    /// Strong, in its quotes.
    pub(super) tag: &'a [u8],
    /// When it was written last, in seconds of Unix time.
    pub(super) modified: u64,
}

/// What the conditions come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Go,
    /// 304: the client has it.
    Unchanged,
    /// 412: it is not what the client takes it for.
    Failed,
}

/// For `GET` and `HEAD` of something that is there.
pub(super) fn judge(headers: &HeaderMap, own: Validators<'_>) -> Verdict {
    if headers.contains_key(IF_MATCH) {
        if !has_tag(headers, &IF_MATCH, |tag| tag == own.tag) {
            return Verdict::Failed;
        }
    } else if date(headers, &IF_UNMODIFIED_SINCE).is_some_and(|since| own.modified > since) {
        return Verdict::Failed;
    }
    let is_unchanged = if headers.contains_key(IF_NONE_MATCH) {
        has_tag(headers, &IF_NONE_MATCH, |tag| opaque(tag) == own.tag)
    } else {
        date(headers, &IF_MODIFIED_SINCE).is_some_and(|since| own.modified <= since)
    };
    if is_unchanged {
        Verdict::Unchanged
    } else {
        Verdict::Go
    }
}

/// Whether a part of the file fits what the client has of it.
pub(super) fn may_send_part(headers: &HeaderMap, own: Validators<'_>) -> bool {
    let Some(stated) = headers.get(IF_RANGE) else {
        return true;
    };
    let bytes = stated.as_bytes();
    if bytes.contains(&b'"') {
        bytes == own.tag
    } else {
        date(headers, &IF_RANGE) == Some(own.modified)
    }
}

/// Whether the list of entity tags holds one that fits; `*` fits whatever is there.
fn has_tag(headers: &HeaderMap, name: &HeaderName, fits: impl Fn(&[u8]) -> bool) -> bool {
    let mut lines = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    lines.any(|line| line.trim_ascii() == b"*" || tags(line).any(&fits))
}

/// The entity tags of a list, with their quotes and `W/`; ends at the first that can't be read.
fn tags(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let begin = list
            .iter()
            .position(|byte| !matches!(byte, b' ' | b'\t' | b','))?;
        list = &list[begin..];
        let quote = if list.starts_with(b"W/") { 2 } else { 0 };
        if list.get(quote) != Some(&b'"') {
            return None;
        }
        let length = list[quote + 1..].iter().position(|&byte| byte == b'"')?;
        let (tag, rest) = list.split_at(quote + 1 + length + 1);
        list = rest;
        Some(tag)
    })
}

/// The tag without its `W/`: how the weak comparison sees it.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}

/// In seconds of Unix time; a date that can't be read counts for none.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    let time = httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()?;
    let since = time.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Validators<'_> = Validators {
        tag: b"\"a\"",
        modified: 784_111_777,
    };
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const EARLIER: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn headers(lines: &[(HeaderName, &'static str)]) -> HeaderMap {
        let lines = lines.iter().cloned();
        lines
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn conditions_are_judged_in_their_order() {
        use Verdict::{Failed, Go, Unchanged};
        let check = |lines: &[(HeaderName, &'static str)], expected| {
            assert_eq!(judge(&headers(lines), OWN), expected, "{lines:?}");
        };
        check(&[], Go);
        check(&[(IF_MATCH, "\"a\"")], Go);
        check(&[(IF_MATCH, "*")], Go);
        check(&[(IF_MATCH, "\"b\", \"a\"")], Go);
        check(&[(IF_MATCH, "\"b\"")], Failed);
        check(&[(IF_MATCH, "W/\"a\"")], Failed);
        check(&[(IF_MATCH, "\"a\""), (IF_UNMODIFIED_SINCE, EARLIER)], Go);
        check(&[(IF_UNMODIFIED_SINCE, EARLIER)], Failed);
        check(&[(IF_UNMODIFIED_SINCE, SAME)], Go);
        check(&[(IF_UNMODIFIED_SINCE, "yesterday")], Go);
        check(&[(IF_NONE_MATCH, "\"a\"")], Unchanged);
        check(&[(IF_NONE_MATCH, "W/\"a\"")], Unchanged);
        check(&[(IF_NONE_MATCH, "\"x,y\",W/\"a\"")], Unchanged);
        check(&[(IF_NONE_MATCH, "*")], Unchanged);
        check(&[(IF_NONE_MATCH, "a")], Go);
        check(&[(IF_NONE_MATCH, "\"b\""), (IF_MODIFIED_SINCE, SAME)], Go);
        check(&[(IF_MODIFIED_SINCE, SAME)], Unchanged);
        check(&[(IF_MODIFIED_SINCE, EARLIER)], Go);
        check(&[(IF_MATCH, "\"b\""), (IF_NONE_MATCH, "\"a\"")], Failed);
        check(&[(IF_MATCH, "\"a\""), (IF_NONE_MATCH, "\"a\"")], Unchanged);
    }

    #[test]
    fn a_part_is_sent_only_of_what_the_client_has() {
        let check = |stated, expected| {
            let headers = headers(&[(IF_RANGE, stated)]);
            assert_eq!(may_send_part(&headers, OWN), expected, "{stated}");
        };
        assert!(may_send_part(&HeaderMap::new(), OWN));
        check("\"a\"", true);
        check("W/\"a\"", false);
        check("\"b\"", false);
        check(SAME, true);
        check(EARLIER, false);
        check("yesterday", false);
    }
}
