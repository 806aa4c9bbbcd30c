//! What backups are called: their time, and whether they are sealed.

use std::fmt;

use school::Timestamp;

/// Every name begins so.
pub(super) const PREFIX: &str = "pendopo-";
const PLAIN: &str = ".tar.zst";
const SEALED: &str = ".tar.zst.age";

/// A name such as `pendopo-2026-11-20T120000Z.tar.zst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    /// In whole seconds.
    pub(super) made_at: Timestamp,
    pub(super) is_sealed: bool,
}

impl Name {
    pub(super) fn new(at: Timestamp, is_sealed: bool) -> Self {
        Self {
            made_at: Timestamp(at.0 - at.0.rem_euclid(1_000_000)),
            is_sealed,
        }
    }

    /// `None` for everything else in the folder.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix(PREFIX)?;
        let sealed = rest.strip_suffix(SEALED);
        let time = sealed.or_else(|| rest.strip_suffix(PLAIN))?;
        let (date, clock) = time.split_once('T')?;
        let digits = clock.strip_suffix('Z').filter(|digits| digits.len() == 6)?;
        let (hours, minutes, seconds) = (digits.get(..2)?, digits.get(2..4)?, digits.get(4..)?);
        let made_at = format!("{date}T{hours}:{minutes}:{seconds}Z")
            .parse()
            .ok()?;
        let parsed = Self {
            made_at,
            is_sealed: sealed.is_some(),
        };
        (parsed.to_string() == name).then_some(parsed)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = self.made_at.to_string().replace(':', "");
        let end = if self.is_sealed { SEALED } else { PLAIN };
        write!(f, "{PREFIX}{time}{end}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_second_and_whether_it_is_sealed() {
        let noon = Timestamp(1_795_176_000_123_456);
        for (is_sealed, text) in [
            (false, "pendopo-2026-11-20T120000Z.tar.zst"),
            (true, "pendopo-2026-11-20T120000Z.tar.zst.age"),
        ] {
            let name = Name::new(noon, is_sealed);
            assert_eq!(name.to_string(), text);
            assert_eq!(Name::parse(text), Some(name));
        }
        for other in [
            "pendopo-2026-11-20T120000Z.tar.zst.part",
            "pendopo-2026-11-20T120000Z.tar",
            "pendopo-2026-11-20T12000Z.tar.zst",
            "pendopo-2026-13-20T120000Z.tar.zst",
            "before-restore-2026-11-20T120000Z",
            "pendopo-.tar.zst",
        ] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }
}
