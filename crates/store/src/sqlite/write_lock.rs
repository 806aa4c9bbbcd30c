//! Keeping everybody from writing to a file for a while.

use std::path::Path;

use rusqlite::Connection;

use super::connection;
use super::failure::open_error;
use super::failure::store_error;
use crate::archive::ArchiveError;

/// As long as it lives nobody else writes: who tries waits, and is told after some seconds that it can't be done now.
pub(crate) struct WriteLock {
    _connection: Connection,
}

impl WriteLock {
    /// Waits for the write that is being done.
    pub(crate) fn take(path: &Path) -> Result<Self, ArchiveError> {
        let opened = connection::writer(path);
        let connection = opened.map_err(|error| ArchiveError::Open(open_error(path, error)))?;
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        begun.map_err(|error| ArchiveError::Store(store_error(path, error)))?;
        Ok(Self {
            _connection: connection,
        })
    }
}
