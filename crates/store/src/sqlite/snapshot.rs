//! One view of the whole database that no write changes, for archives.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::connection::{self, read};
use super::failure::open_error;
use super::failure::store_error;
use crate::archive::{ArchiveError, Source, Table};
use crate::value::{Row, Value};

/// The table in which SQLite keeps the last number that each table gave.
const NUMBERS: &str = "SELECT name, seq FROM sqlite_sequence ORDER BY name";
/// The first read: from it on, the view stands.
const SCHEMA: &str = "SELECT MAX(id) FROM migration";

/// The view; writers go on beside it, and their log grows until it is dropped.
pub(crate) struct Snapshot {
    connection: Connection,
    path: PathBuf,
    schema: i64,
}

impl Snapshot {
    /// A view of a database that was brought to some schema of ours.
    pub(crate) fn open(path: &Path) -> Result<Self, ArchiveError> {
        let fail = |error| ArchiveError::Open(open_error(path, error));
        let connection = connection::reader(path).map_err(fail)?;
        connection.execute_batch("BEGIN").map_err(fail)?;
        let schema = connection
            .query_row(SCHEMA, [], |row| row.get(0))
            .map_err(fail)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            schema,
        })
    }

    fn fail(&self, error: rusqlite::Error) -> ArchiveError {
        ArchiveError::Store(store_error(&self.path, error))
    }
}

impl Source for Snapshot {
    fn schema(&self) -> i64 {
        self.schema
    }

    fn count(&mut self, table: &Table) -> Result<u64, ArchiveError> {
        let count = self
            .connection
            .query_row(&table.count(), [], |row| row.get::<_, i64>(0));
        count
            .map(|count| u64::try_from(count).unwrap_or(0))
            .map_err(|error| self.fail(error))
    }

    fn each(
        &mut self,
        table: &Table,
        take: &mut dyn FnMut(&[Value]) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let fail = |error| self.fail(error);
        let mut statement = self.connection.prepare(&table.select()).map_err(fail)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(fail)? {
            take(&read(row, table.columns.len()).map_err(fail)?)?;
        }
        Ok(())
    }

    fn ask(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, ArchiveError> {
        let asked = connection::run(&self.connection, sql, params, None);
        asked
            .map(|(_, rows)| rows)
            .map_err(|error| self.fail(error))
    }

    fn numbers(&mut self) -> Result<Vec<(String, i64)>, ArchiveError> {
        let fail = |error| self.fail(error);
        let mut statement = self.connection.prepare(NUMBERS).map_err(fail)?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(fail)?;
        rows.collect::<rusqlite::Result<_>>().map_err(fail)
    }
}
