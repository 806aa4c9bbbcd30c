//! Why a backup can't be made, proved or restored, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use school::StoreError;

use crate::archive::ArchiveError;
use crate::open_error::OpenError;

/// Why a backup can't be made, proved or restored.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BackupError {
    #[error("`{}` can't be used: {cause}", path.display())]
    File { path: PathBuf, cause: io::Error },
    #[error("there is no room on the disk for `{}`; nothing of it was kept: make room, or name another place in `backup.to`", .0.display())]
    Full(PathBuf),
    #[error("another backup is being made in `{}`: wait until it is done", .0.display())]
    Busy(PathBuf),
    #[error("`{}` was written and did not come back the same: the disk can't be trusted", .0.display())]
    ReadBack(PathBuf),
    #[error("there is no backup `{0}`: `pendopo backup list` names them")]
    Missing(String),
    #[error("`{0}` is not the file any more that was proved: use another one")]
    NotTheSame(String),
    #[error("`{}` is sealed: name the file with the key by `--identity FILE`", .0.display())]
    Sealed(PathBuf),
    #[error("the key in `{}` does not open `{}`: name the key that goes with `backup.recipient`", key.display(), path.display())]
    WrongKey { key: PathBuf, path: PathBuf },
    #[error("`{}` holds no key: write one that `age-keygen` made, a line that begins with AGE-SECRET-KEY-1", .0.display())]
    NoKey(PathBuf),
    #[error("`{url}` can't be used: {what}")]
    Bucket { url: String, what: String },
    #[error("can't seal the backup: {0}")]
    Seal(String),
    #[error(transparent)]
    Archive(ArchiveError),
    #[error(transparent)]
    Open(OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    /// What was written to this file as an archive could not be.
    pub(super) fn of_output(path: &Path, error: ArchiveError) -> Self {
        match error {
            ArchiveError::Output(cause) => Self::file(path, cause),
            other => other.into(),
        }
    }

    /// What was restored into this database could not be looked at.
    pub(super) fn of_restored(path: &Path, error: StoreError) -> Self {
        match error {
            StoreError::Full(_) => Self::Full(path.to_owned()),
            other => Self::Store(other),
        }
    }

    pub(super) fn file(path: &Path, cause: io::Error) -> Self {
        if is_full(&cause) {
            return Self::Full(path.to_owned());
        }
        Self::File {
            path: path.to_owned(),
            cause,
        }
    }
}

impl From<ArchiveError> for BackupError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::File { path, cause } => Self::file(&path, cause),
            ArchiveError::Open(OpenError::Full(path)) => Self::Full(path),
            other => Self::Archive(other),
        }
    }
}

impl From<OpenError> for BackupError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Full(path) => Self::Full(path),
            other => Self::Open(other),
        }
    }
}

fn is_full(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}
