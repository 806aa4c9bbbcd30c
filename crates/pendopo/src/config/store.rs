//! What an operator can set under `[store]`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where everything is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct StoreConfig {
    /// Where people, tokens and settings are kept: `sqlite:` and a path. Default `pendopo.db` in the data directory;
    /// for example `sqlite:/srv/pendopo/pendopo.db`.
    pub(crate) records: Records,
    /// Where messages are kept: `records` is the same place. Default `records`.
    pub(crate) messages: Place,
    /// Where sessions are kept: `records` is the same place. Default `records`.
    pub(crate) sessions: Place,
    /// Where the audit trail is kept: `records` is the same place. Default `records`.
    pub(crate) audit: Place,
}

/// A database, by its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Records(PathBuf);

impl Records {
    /// The database in this directory.
    pub(crate) fn inside(data: &Path) -> Self {
        Self(data.join("pendopo.db"))
    }

    /// The database's file.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Default for Records {
    fn default() -> Self {
        Self::inside(Path::new("data"))
    }
}

impl FromStr for Records {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const WORKS: &str = "write `sqlite:` and a path, such as `sqlite:data/pendopo.db`";
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => Err(format!(
                "this version keeps records in SQLite alone: {WORKS}"
            )),
            _ => Err(format!("`{text}` is no database address: {WORKS}")),
        }
    }
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.0.display())
    }
}

/// A place for one kind of record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Place {
    /// Beside the other records.
    #[default]
    Records,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "records" => Ok(Self::Records),
            _ => Err(format!(
                "`{text}` can't be used by this version: the value that works is `records`"
            )),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records")
    }
}

/// Serde's view of these is their text.
macro_rules! as_text {
    ($($unit:ty),+) => {$(
        impl TryFrom<String> for $unit {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }

        impl From<$unit> for String {
            fn from(unit: $unit) -> Self {
                unit.to_string()
            }
        }
    )+};
}

as_text!(Records, Place);
