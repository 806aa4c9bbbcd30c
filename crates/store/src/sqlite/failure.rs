//! SQLite's errors in the words of the ports, and of those who open a store.

use std::io;
use std::path::Path;

use rusqlite::Error;
use rusqlite::ffi::{ErrorCode, SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_UNIQUE};
use school::StoreError;

use crate::open_error::OpenError;

/// Columns that hold a value once, and the field that they are told as.
const UNIQUE: [(&str, &str); 2] = [
    ("person.email_key", "email"),
    ("person.username_key", "username"),
];

/// What the error means for an operation on the database at `path`.
pub(super) fn store_error(path: &Path, error: Error) -> StoreError {
    meaning(error, || room(path))
}

/// SQLite's error while opening, with the mend.
pub(super) fn open_error(path: &Path, error: Error) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase(path),
        Some(ErrorCode::DatabaseCorrupt) => OpenError::Damaged {
            path,
            what: error.to_string(),
        },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Held(path),
        Some(ErrorCode::DiskFull) => OpenError::Full(path),
        Some(ErrorCode::SystemIoFailure) if room(&path) == Some(0) => OpenError::Full(path),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            OpenError::NotWritable {
                path,
                cause: io::Error::other(error),
            }
        }
        _ => OpenError::Other { path, cause: error },
    }
}

fn meaning(error: Error, room: impl FnOnce() -> Option<u64>) -> StoreError {
    let Error::SqliteFailure(code, text) = &error else {
        return StoreError::Corrupt(Box::new(error));
    };
    match code.code {
        ErrorCode::DiskFull => StoreError::Full(Box::new(error)),
        // A log or its index that can't grow is told as a failed write, not as a full disk.
        ErrorCode::SystemIoFailure if room() == Some(0) => StoreError::Full(Box::new(error)),
        ErrorCode::ConstraintViolation => {
            violation(code.extended_code, text.as_deref().unwrap_or_default())
                .unwrap_or_else(|| StoreError::Corrupt(Box::new(error)))
        }
        ErrorCode::OperationInterrupted => StoreError::TooSlow,
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::OutOfMemory
        | ErrorCode::FileLockingProtocolFailed => StoreError::Unavailable(Box::new(error)),
        _ => StoreError::Corrupt(Box::new(error)),
    }
}

fn violation(code: i32, text: &str) -> Option<StoreError> {
    match code {
        SQLITE_CONSTRAINT_UNIQUE => UNIQUE
            .iter()
            .find(|(column, _)| text.ends_with(column))
            .map(|(_, field)| StoreError::Taken(field)),
        // The person that the row belongs to is not there, or not any more.
        SQLITE_CONSTRAINT_FOREIGNKEY => Some(StoreError::NotFound),
        _ => None,
    }
}

/// The same failure for the next unit of the group.
pub(super) fn again(error: &StoreError) -> StoreError {
    let text = error.to_string();
    match error {
        StoreError::Full(cause) => StoreError::Full(cause.to_string().into()),
        StoreError::Unavailable(cause) => StoreError::Unavailable(cause.to_string().into()),
        StoreError::Corrupt(cause) => StoreError::Corrupt(cause.to_string().into()),
        _ => StoreError::Unavailable(text.into()),
    }
}

/// How many bytes the disk of `path` has room for.
pub(super) fn room(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi::{self, SQLITE_FULL, SQLITE_IOERR_SHMSIZE};

    use super::*;

    fn failure(code: i32) -> Error {
        Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn a_failed_write_is_a_full_disk_only_when_there_is_no_room() {
        let full = |code, room| matches!(meaning(failure(code), || room), StoreError::Full(_));
        assert!(full(SQLITE_IOERR_SHMSIZE, Some(0)));
        assert!(!full(SQLITE_IOERR_SHMSIZE, Some(4_096)));
        assert!(!full(SQLITE_IOERR_SHMSIZE, None));
        assert!(full(SQLITE_FULL, Some(4_096)));
    }
}
