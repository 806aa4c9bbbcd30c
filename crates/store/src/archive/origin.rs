//! Where records are that go into an archive.

use std::path::PathBuf;

use super::{ArchiveError, Source};
use crate::postgres::{self, BackupTurn, View};
use crate::sqlite::{self, Snapshot};

/// Where records are. Others may write to them meanwhile.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Box<postgres::Options>),
}

impl Origin {
    /// One view, as long as it lives. Not for threads that run tasks.
    pub(crate) fn view(&self) -> Result<Box<dyn Source>, ArchiveError> {
        Ok(match self {
            Self::Sqlite(path) => Box::new(Snapshot::open(path)?),
            Self::Postgres(options) => Box::new(View::open(options)?),
        })
    }

    /// Keeps everybody from writing to them.
    pub(crate) fn lock(&self) -> Result<WriteLock, ArchiveError> {
        Ok(match self {
            Self::Sqlite(path) => WriteLock::Sqlite {
                _lock: sqlite::WriteLock::take(path)?,
            },
            Self::Postgres(options) => WriteLock::Postgres {
                _lock: postgres::WriteLock::take(options)?,
            },
        })
    }

    /// Keeps other processes from making a backup of the same records at the same time. Those of a file have one folder
    /// for their backups, which is held anyhow.
    pub(crate) fn turn(&self) -> Result<Option<BackupTurn>, ArchiveError> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(options) => BackupTurn::take(options).map(Some),
        }
    }
}

/// Nobody writes while it lives; everybody may read.
pub(crate) enum WriteLock {
    Sqlite { _lock: sqlite::WriteLock },
    Postgres { _lock: postgres::WriteLock },
}
