//! The database of the records, by its address.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use store::postgres::Address;

/// A database; shown, it has no password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Records {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Box<Address>),
}

impl Records {
    /// The database in this directory.
    pub(crate) fn inside(data: &Path) -> Self {
        Self::Sqlite(data.join("pendopo.db"))
    }

    /// The database's file, where it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }

    /// SQLite's files: the database, its write-ahead log, and the index of that; none of a server.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let beside = |file: &Path, suffix| {
            let mut name = file.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        let suffixes = ["", "-wal", "-shm"].into_iter();
        self.file()
            .map(|file| suffixes.map(|suffix| beside(file, suffix)).collect())
            .unwrap_or_default()
    }

    /// The file of authorities by which a server is known, where one is named.
    pub(crate) fn authorities(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(address) => address.authorities(),
        }
    }
}

/// A server that follows another; shown, it has no password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Replica(Address);

impl Replica {
    /// Where it is.
    pub(crate) fn address(&self) -> &Address {
        &self.0
    }
}

impl FromStr for Replica {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(Box::new(text.parse()?))),
            // The rest may hold a password, and is not repeated.
            _ => Err(format!(
                "`{}` is no database address: write `sqlite:` and a path, such as `sqlite:data/pendopo.db`, or \
                 `postgres://user@host/database`",
                text.split_once(':').map_or(text, |(scheme, _)| scheme)
            )),
        }
    }
}

impl fmt::Display for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}
