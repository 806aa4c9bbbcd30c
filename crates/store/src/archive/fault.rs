//! Why an archive can't be made or used, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use school::StoreError;

use crate::open_error::OpenError;

/// Why an archive can't be made or used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ArchiveError {
    #[error("`{}` can't be used: {cause}", path.display())]
    File { path: PathBuf, cause: io::Error },
    #[error("the archive can't be written: {0}")]
    Output(#[source] io::Error),
    #[error("the archive can't be read: {0}")]
    Input(#[source] io::Error),
    #[error("the archive is damaged ({0}): use another one")]
    Damaged(String),
    #[error(
        "the archive has format {found}, and this version knows none above {known}: use the version that made it"
    )]
    NewerFormat { found: u32, known: u32 },
    #[error(
        "the archive has schema {found}, and this version knows none above {known}: use the version that made it"
    )]
    NewerSchema { found: i64, known: i64 },
    #[error("the table `{0}` was written and did not come back the same")]
    NotTheSame(String),
    #[error("`{}` changed while it was read: try again", .0.display())]
    Changed(PathBuf),
    #[error("`{database}` is in use ({by}): stop every server that works with it, and try again")]
    InUse { database: String, by: String },
    #[error("another process makes a backup of `{0}`: wait until it is done")]
    OthersTurn(String),
    #[error(
        "a text in the table `{0}` holds the character NUL, which PostgreSQL can't keep: change or delete that row, and try again"
    )]
    Nul(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl ArchiveError {
    pub(crate) fn file(path: &Path, cause: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            cause,
        }
    }

    /// An error while the archive was read: the system's own is the medium's, any other the archive's.
    pub(super) fn reading(cause: io::Error) -> Self {
        if cause.raw_os_error().is_some() {
            Self::Input(cause)
        } else {
            Self::Damaged(cause.to_string())
        }
    }

    pub(crate) fn no_head() -> Self {
        Self::Damaged("it does not begin with `archive.json`".to_owned())
    }
}
