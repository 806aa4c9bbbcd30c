//! Which of the headers that the edge looks for stand in a request's head: found in one pass over it, since most heads
//! have few of them, and one look into the map takes as long as a pass over a program's request.

use http::header::{
    ACCEPT, ACCEPT_CHARSET, ACCEPT_ENCODING, ACCEPT_LANGUAGE, AUTHORIZATION, CACHE_CONTROL,
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_RANGE, ORIGIN, PRAGMA, RANGE, REFERER, TRANSFER_ENCODING,
    UPGRADE_INSECURE_REQUESTS, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::is_doomed;

/// A set of headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Present(u8);

/// Stands for every header that is dropped before the request goes on.
const DOOMED: u8 = 1 << 7;

/// What the access log tells of a head.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) host: Option<HeaderValue>,
    pub(crate) agent: Option<HeaderValue>,
    pub(crate) referer: Option<HeaderValue>,
}

/// Looks through a head as it came.
pub(crate) fn look(head: &HeaderMap) -> (Present, Told) {
    let (mut present, mut told) = (Present::default(), Told::default());
    for (name, value) in head {
        let place = match *name {
            HOST => &mut told.host,
            USER_AGENT => &mut told.agent,
            REFERER => &mut told.referer,
            _ => {
                present.0 |= mark(name);
                continue;
            }
        };
        place.get_or_insert_with(|| value.clone());
    }
    (present, told)
}

/// What a header adds to the set; nothing for those that nobody looks for.
#[inline]
fn mark(name: &HeaderName) -> u8 {
    match *name {
        ACCEPT => 1,
        ACCEPT_ENCODING => 1 << 1,
        CONTENT_LENGTH => 1 << 2,
        COOKIE => 1 << 3,
        EXPECT => 1 << 4,
        CONNECTION => 1 << 5 | DOOMED,
        TRANSFER_ENCODING => 1 << 6 | DOOMED,
        // Known to be harmless, without a look at their letters.
        ACCEPT_CHARSET
        | ACCEPT_LANGUAGE
        | AUTHORIZATION
        | CACHE_CONTROL
        | CONTENT_TYPE
        | IF_MATCH
        | IF_MODIFIED_SINCE
        | IF_NONE_MATCH
        | IF_RANGE
        | ORIGIN
        | PRAGMA
        | RANGE
        | UPGRADE_INSECURE_REQUESTS => 0,
        _ if is_doomed(name) => DOOMED,
        _ => 0,
    }
}

impl Present {
    /// Whether it is there: one of those that are looked for, `Accept`, `Accept-Encoding`, `Content-Length`, `Cookie`,
    /// `Expect`, `Connection` and `Transfer-Encoding`.
    #[inline]
    pub(crate) fn has(self, name: &HeaderName) -> bool {
        self.0 & mark(name) & !DOOMED != 0
    }

    /// Whether any header is dropped before the request goes on.
    pub(crate) fn has_doomed(self) -> bool {
        self.0 & DOOMED != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        lines.collect()
    }

    #[test]
    fn what_is_looked_for_is_found_and_nothing_else() {
        let wanted = [
            ACCEPT,
            ACCEPT_ENCODING,
            CONTENT_LENGTH,
            COOKIE,
            EXPECT,
            CONNECTION,
            TRANSFER_ENCODING,
        ];
        for name in &wanted {
            let mut head = head(&[("host", "a"), ("x-own", "b")]);
            head.insert(name, HeaderValue::from_static("c"));
            let (present, _) = look(&head);
            for other in &wanted {
                assert_eq!(present.has(other), other == name, "{other} in {name}");
            }
        }
    }

    #[test]
    fn whatever_is_dropped_is_told() {
        for name in ["te", "x-real-ip", "x_own", "proxy", "connection", "upgrade"] {
            assert!(look(&head(&[(name, "a")])).0.has_doomed(), "{name}");
        }
        for name in [
            "range",
            "x-own",
            "host",
            "accept",
            "cookie",
            "sec-fetch-site",
        ] {
            assert!(!look(&head(&[(name, "a")])).0.has_doomed(), "{name}");
            assert!(!is_doomed(&HeaderName::from_static(name)), "{name}");
        }
    }

    #[test]
    fn the_first_of_several_is_told() {
        let mut twice = head(&[("host", "a"), ("referer", "b")]);
        twice.append(HOST, HeaderValue::from_static("c"));
        let (_, told) = look(&twice);
        assert_eq!(
            told.host.as_ref().map(HeaderValue::as_bytes),
            Some(&b"a"[..])
        );
        assert_eq!(
            told.referer.as_ref().map(HeaderValue::as_bytes),
            Some(&b"b"[..])
        );
        assert_eq!(told.agent, None);
    }
}
