//! What the writer does between groups: copies the log into the file, ends in one file.
//!
//! The planner gets no statistics: the indexes fix each statement's plan, and statistics of a small table would
//! make lists sort the whole of it once it has grown.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rusqlite::Connection;
use tracing::warn;

use super::thread::Thread;
use crate::sqlite::prepared::Prepared;

/// The log is copied into the file whenever it has grown by so many pages of 4 KiB.
pub(super) const CHECKPOINT_PAGES: i32 = 4_000;

/// A connection that tells after each commit how many pages are in the log.
pub(super) fn watched(mut connection: Connection, pages: &Arc<AtomicI32>) -> Prepared {
    let pages = Arc::clone(pages);
    let hook = move |_: &mut _, count| {
        pages.store(count, Ordering::Relaxed);
        Ok(())
    };
    if let Err(error) = connection.wal_hook(Some(hook)) {
        warn!(%error, "the size of the database's log is not watched");
    }
    Prepared::over(connection)
}

impl Thread {
    /// After the answers, so that nobody waits for it but those who come next.
    pub(super) fn checkpoint_if_due(&mut self) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.checkpoint_at {
            return;
        }
        let is_complete = self.pragma("PRAGMA wal_checkpoint(PASSIVE)", |row| {
            Ok(row.get::<_, i32>(1)? == row.get::<_, i32>(2)?)
        });
        // A reader of old pages keeps the log from starting anew: try again when it has grown as much once more.
        self.checkpoint_at = if is_complete == Some(true) {
            CHECKPOINT_PAGES
        } else {
            pages.saturating_add(CHECKPOINT_PAGES)
        };
    }

    /// Leaves one whole file.
    pub(super) fn end(&mut self) {
        self.pragma("PRAGMA wal_checkpoint(TRUNCATE)", |_| Ok(()));
    }

    /// The pragma's row, if it has one and does not fail.
    fn pragma<T>(
        &self,
        sql: &str,
        read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let connection = self.connection.as_ref()?.connection();
        match connection.query_row(sql, [], read) {
            Ok(value) => Some(value),
            Err(rusqlite::Error::QueryReturnedNoRows) => None,
            Err(error) => {
                warn!(%error, sql, "the database could not be tended");
                None
            }
        }
    }
}
