//! Which bytes of a file a request asks for (RFC 9110 §14).

use std::ops::Range;

/// More ranges than this are not worth their overhead: the whole file is sent.
const MOST: usize = 16;

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Everything: the header is not understood, or asks for more than everything in pieces.
    Whole,
    /// These bytes; not empty.
    One(Range<u64>),
    /// These, one after the other; at least two, none of them empty.
    Many(Vec<Range<u64>>),
    /// Nothing that is there.
    Beyond,
}

/// Reads a `Range` for a file of this length.
pub(super) fn wanted(stated: &[u8], length: u64) -> Wanted {
    read(stated, length).unwrap_or(Wanted::Whole)
}

/// `None` where the header may be ignored.
fn read(stated: &[u8], length: u64) -> Option<Wanted> {
    let text = std::str::from_utf8(stated).ok()?;
    let (unit, list) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let mut parts = Vec::new();
    for (count, item) in list.split(',').enumerate() {
        if count == MOST {
            return None;
        }
        let part = range(item.trim_matches([' ', '\t']), length)?;
        parts.extend((!part.is_empty()).then_some(part));
    }
    match &parts[..] {
        [] => Some(Wanted::Beyond),
        [part] => Some(Wanted::One(part.clone())),
        // Overlapping ranges would send the same bytes again and again.
        _ if parts.iter().map(|part| part.end - part.start).sum::<u64>() > length => None,
        _ => Some(Wanted::Many(parts)),
    }
}

/// Cut to what is there; empty where nothing is. `None` where it can't be read.
fn range(item: &str, length: u64) -> Option<Range<u64>> {
    let (first, last) = item.split_once('-')?;
    if first.is_empty() {
        let count = number(last)?;
        return Some(length.saturating_sub(count)..length);
    }
    let first = number(first)?;
    let end = if last.is_empty() {
        length
    } else {
        let last = number(last)?;
        if last < first {
            return None;
        }
        last.saturating_add(1).min(length)
    };
    Some(first.min(end)..end)
}

/// Digits only; more than fit are as many as fit.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    fn parts(wanted: Wanted) -> Vec<Range<u64>> {
        match wanted {
            Wanted::One(part) => vec![part],
            Wanted::Many(parts) => parts,
            Wanted::Whole | Wanted::Beyond => Vec::new(),
        }
    }

    #[test]
    fn ranges_are_cut_to_what_is_there() {
        let check = |stated: &str, expected: &str| {
            let parts = format!("{:?}", parts(wanted(stated.as_bytes(), 100)));
            assert_eq!(parts, expected, "{stated}");
        };
        check("bytes=0-9", "[0..10]");
        check("Bytes=0-9", "[0..10]");
        check("bytes=90-", "[90..100]");
        check("bytes=-10", "[90..100]");
        check("bytes=-1000", "[0..100]");
        check("bytes=90-1000", "[90..100]");
        check("bytes=0-99999999999999999999999", "[0..100]");
        check("bytes=0-0, 5-6 ,-1", "[0..1, 5..7, 99..100]");
        check("bytes=200-300,0-0", "[0..1]");
    }

    #[test]
    fn what_is_no_range_is_ignored_and_what_is_not_there_is_said() {
        for stated in [
            "",
            "bytes",
            "bytes=",
            "lines=0-9",
            "bytes=a-b",
            "bytes=9-0",
            "bytes=-",
            "bytes=+1-2",
            "bytes=0-9,x",
            "bytes=0-99,0-99",
            "bytes=1 -2",
        ] {
            assert_eq!(wanted(stated.as_bytes(), 100), Wanted::Whole, "{stated}");
        }
        let many = format!("bytes={}", vec!["0-0"; 17].join(","));
        assert_eq!(wanted(many.as_bytes(), 100), Wanted::Whole);
        for stated in ["bytes=100-", "bytes=100-200,300-", "bytes=-0"] {
            assert_eq!(wanted(stated.as_bytes(), 100), Wanted::Beyond, "{stated}");
        }
        assert_eq!(wanted(b"bytes=0-", 0), Wanted::Beyond);
    }

    proptest! {
        #[test]
        fn no_range_reaches_beyond_the_file(stated in "bytes=[0-9,-]{0,30}", length in any::<u16>()) {
            let length = u64::from(length);
            for part in parts(wanted(stated.as_bytes(), length)) {
                prop_assert!(part.start < part.end && part.end <= length, "{stated}: {part:?}");
            }
        }
    }
}
