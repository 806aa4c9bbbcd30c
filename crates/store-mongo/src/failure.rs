//! What the driver's errors mean for whoever asked.

use mongodb::error::{Error, ErrorKind, WriteFailure};
use school::StoreError;

/// The server's number for a value that stands already where only one may.
const TAKEN: i32 = 11000;

/// Nearly everything is a matter of time: a new primary, a connection, a right that is granted, room on a disk.
pub(crate) fn store_error(error: Error) -> StoreError {
    match error.kind.as_ref() {
        ErrorKind::BsonDeserialization(_) | ErrorKind::Bson(_) => {
            StoreError::Corrupt(Box::new(error))
        }
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// Whether nothing is wrong but that something was there before.
pub(crate) fn is_only_taken(error: &Error) -> bool {
    match error.kind.as_ref() {
        ErrorKind::InsertMany(failed) => {
            let errors = failed.write_errors.as_deref().unwrap_or_default();
            failed.write_concern_error.is_none()
                && !errors.is_empty()
                && errors.iter().all(|error| error.code == TAKEN)
        }
        ErrorKind::Write(WriteFailure::WriteError(error)) => error.code == TAKEN,
        _ => false,
    }
}
