//! Paths that all servers read alike, and how the most eager one reads the others.

/// Whether a path has only one reading.
pub(crate) fn is_plain(path: &str) -> bool {
    // As bytes: the search for a text sets out with more than a short path takes.
    let bytes = path.as_bytes();
    let is_clear = |pair: &[u8]| pair[0] != b'/' || !matches!(pair[1], b'/' | b'.');
    !bytes.contains(&b'%') && bytes.windows(2).all(is_clear)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, proptest};

    use super::*;

    #[test]
    fn a_path_has_one_plain_reading() {
        for (written, read) in [
            ("/", "/"),
            ("/health", "/health"),
            ("//health", "/health"),
            ("/./health", "/health"),
            ("/a/../health", "/health"),
            ("/a/%2e%2E/health", "/health"),
            ("/%68ealth", "/health"),
            ("/a%2f..%2fhealth", "/health"),
            ("/..%5chealth", "/health"),
            ("/../../../etc", "/etc"),
            ("/100%", "/100%"),
            ("/%zz%4", "/%zz%4"),
        ] {
            assert_eq!(normal(written), read, "{written}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_has_a_reading(text in ".*") {
            normal(&text);
        }

        #[test]
        fn a_plain_reading_has_nothing_left_to_resolve(path in "(/|\\.|%2e|%2f|%5c|a|b){0,12}") {
            let read = normal(&format!("/{path}"));
            let mut segments = read.split('/').skip(1);
            prop_assert!(read == "/" || segments.all(|segment| !matches!(segment, "" | "." | "..")), "{}", read);
        }
    }
}
