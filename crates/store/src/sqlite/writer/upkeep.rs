//! What the writer does between groups: copies the log into the file, ends in one file.
//!
//! The planner gets no statistics: the indexes fix each statement's plan, and statistics of a small table would
//! make lists sort the whole of it once it has grown.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use rusqlite::Connection;
use tracing::warn;

use crate::sqlite::prepared::Prepared;

/// The log is copied into the file whenever it has grown by so many pages of 4 KiB.
const CHECKPOINT_PAGES: i32 = 4_000;

/// How long the log is, and when it is copied next.
pub(super) struct Upkeep {
    /// Pages in the log, as the last commit told.
    pages: Arc<AtomicI32>,
    checkpoint_at: i32,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self {
            pages: Arc::default(),
            checkpoint_at: CHECKPOINT_PAGES,
        }
    }
}

impl Upkeep {
    /// A connection that tells after each commit how many pages are in the log.
    pub(super) fn watch(&self, mut connection: Connection) -> Prepared {
        let pages = Arc::clone(&self.pages);
        let hook = move |_: &mut _, count| {
            pages.store(count, Ordering::Relaxed);
            Ok(())
        };
        if let Err(error) = connection.wal_hook(Some(hook)) {
            warn!(%error, "the size of the database's log is not watched");
        }
        Prepared::over(connection)
    }

    /// After the answers, so that nobody waits for it but those who come next.
    pub(super) fn checkpoint_if_due(&mut self, connection: &Connection) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.checkpoint_at {
            return;
        }
        let is_complete = pragma(connection, "PRAGMA wal_checkpoint(PASSIVE)", |row| {
            Ok(row.get::<_, i32>(1)? == row.get::<_, i32>(2)?)
        });
        // A reader of old pages keeps the log from starting anew: try again when it has grown as much once more.
        self.checkpoint_at = if is_complete == Some(true) {
            CHECKPOINT_PAGES
        } else {
            pages.saturating_add(CHECKPOINT_PAGES)
        };
    }
}

/// Leaves one whole file.
pub(super) fn end(connection: &Connection) {
    pragma(connection, "PRAGMA wal_checkpoint(TRUNCATE)", |_| Ok(()));
}

/// The pragma's row, if it has one and does not fail.
fn pragma<T>(
    connection: &Connection,
    sql: &str,
    read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Option<T> {
    match connection.query_row(sql, [], read) {
        Ok(value) => Some(value),
        Err(rusqlite::Error::QueryReturnedNoRows) => None,
        Err(error) => {
            warn!(%error, sql, "the database could not be tended");
            None
        }
    }
}
