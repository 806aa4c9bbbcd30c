//! Why records can't be copied, and what to do.

use std::path::PathBuf;

use crate::archive::ArchiveError;
use crate::open_error::OpenError;

/// Why records can't be copied.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CopyError {
    #[error("`{0}` holds records already, and nothing was changed: name an empty database")]
    NotEmpty(String),
    #[error("`{}` is there already, and was not changed: move it away, or name another file", .0.display())]
    Exists(PathBuf),
    #[error(
        "the table `{0}` of the copy is not the same as it is now, and nothing was kept of the copy: something changed it that \
         the audit trail does not tell; stop every server that works with these records, and copy again"
    )]
    Differs(String),
    #[error(transparent)]
    Archive(ArchiveError),
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<ArchiveError> for CopyError {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::NotTheSame(table) => Self::Differs(table),
            ArchiveError::Open(error) => Self::Open(error),
            other => Self::Archive(other),
        }
    }
}
