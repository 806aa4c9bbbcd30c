//! What a request's path asks a folder for.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A path below the folder, of plain names only: no empty or dot segment, no name that begins with a dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Relative; empty for the folder itself.
    path: PathBuf,
    /// Whether the path ended with a slash.
    pub(super) is_directory: bool,
}

/// The one name with a dot that is served, as the first: RFC 8615 keeps it for what a site says of itself.
const WELL_KNOWN: &[u8] = b".well-known";

impl Asked {
    /// The request's path with percent signs undone, once. `None` where no file that is served can be meant: a
    /// segment is empty or begins with a dot, or holds a slash, a backslash or a zero byte once it is undone.
    pub(super) fn read(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        let (segments, is_directory) = match path.strip_suffix('/') {
            Some(segments) => (Some(segments), true),
            None => (Some(path).filter(|path| !path.is_empty()), path.is_empty()),
        };
        let mut names = Vec::with_capacity(path.len());
        for segment in segments
            .into_iter()
            .flat_map(|segments| segments.split('/'))
        {
            let is_first = names.is_empty();
            if !is_first {
                names.push(b'/');
            }
            let begin = names.len();
            append_decoded(segment.as_bytes(), &mut names)?;
            if !is_served(&names[begin..], is_first) {
                return None;
            }
        }
        let path = PathBuf::from(OsString::from_vec(names));
        Some(Self { path, is_directory })
    }

    /// The whole path's bytes; for a folder its own, not those of its page.
    pub(super) fn name(&self) -> &[u8] {
        self.path.as_os_str().as_encoded_bytes()
    }

    /// The file that is meant, relative to the folder.
    pub(super) fn file(&self) -> PathBuf {
        if self.is_directory {
            self.path.join("index.html")
        } else {
            self.path.clone()
        }
    }
}

fn is_served(name: &[u8], is_first: bool) -> bool {
    let is_plain = !name.is_empty() && !name.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0));
    is_plain && (name[0] != b'.' || (is_first && name == WELL_KNOWN))
}

/// `None` where a percent sign is not followed by two hexadecimal digits.
fn append_decoded(mut segment: &[u8], decoded: &mut Vec<u8>) -> Option<()> {
    while let Some((&byte, rest)) = segment.split_first() {
        if byte == b'%' {
            let (&[high, low], rest) = rest.split_first_chunk()?;
            decoded.push(digit(high)? << 4 | digit(low)?);
            segment = rest;
        } else {
            decoded.push(byte);
            segment = rest;
        }
    }
    Some(())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::{any, prop, prop_assert, proptest};

    use super::*;

    #[test]
    fn a_path_is_undone_once() {
        for (written, read) in [
            ("/a.css", "a.css"),
            ("/a/b/c.js", "a/b/c.js"),
            ("/a%20b.txt", "a b.txt"),
            ("/%61.css", "a.css"),
            ("/100%25.txt", "100%.txt"),
            ("/%252e%252e", "%2e%2e"),
            ("/.well-known/security.txt", ".well-known/security.txt"),
            ("/...x", ""),
        ] {
            let asked = Asked::read(written).map(|asked| asked.file());
            let expected = (!read.is_empty()).then(|| PathBuf::from(read));
            assert_eq!(asked, expected, "{written}");
        }
        assert_eq!(Asked::read("/").unwrap().file(), Path::new("index.html"));
        assert_eq!(
            Asked::read("/a/").unwrap().file(),
            Path::new("a/index.html")
        );
    }

    #[test]
    fn what_no_file_can_be_called_is_asked_of_nobody() {
        for path in [
            "",
            "//",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/../a",
            "/a/..",
            "/a/.",
            "/%2e%2e/a",
            "/%2E./a",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/..%5c",
            "/a%00",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "/.git/config",
            "/a/.env",
            "/.htpasswd",
            "/a/.well-known/x",
            "/%2eenv",
        ] {
            assert_eq!(Asked::read(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_path_never_leads_out(path in prop::collection::vec(
            prop::sample::select(vec!["/", "..", ".", "%2e", "%2E", "%2f", "%5c", "\\", "%00", "%", "25", "2e", "a", "%c0%ae", "~"]),
            0..12,
        )) {
            holds(&format!("/{}", path.concat()))?;
        }

        #[test]
        fn nor_does_any_other_text(path in any::<String>()) {
            holds(&path)?;
        }
    }

    fn holds(path: &str) -> Result<(), proptest::test_runner::TestCaseError> {
        let Some(asked) = Asked::read(path) else {
            return Ok(());
        };
        for component in asked.path.components() {
            prop_assert!(
                matches!(component, Component::Normal(_)),
                "{path:?} is {asked:?}"
            );
        }
        let text = asked.path.as_os_str().as_encoded_bytes();
        prop_assert!(
            !text.contains(&0) && !text.contains(&b'\\'),
            "{path:?} is {asked:?}"
        );
        Ok(())
    }
}
