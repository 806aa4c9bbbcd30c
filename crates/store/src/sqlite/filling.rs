//! A new database, filled row by row from an archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::failure::open_error;
use super::failure::store_error;
use super::start::create;
use super::{Options, connection, upgrade};
use crate::archive::{ArchiveError, Sink, Table};
use crate::migrations;
use crate::open_error::OpenError;
use crate::value::Value;

/// Rows in one transaction.
const GROUP: u32 = 10_000;
/// Nobody uses the file before it is whole, so no write of it has to wait for the disk.
const UNSAFE: &str =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;";

/// The database while it is filled.
pub(crate) struct Filling {
    connection: Connection,
    path: PathBuf,
    in_group: u32,
}

impl Filling {
    /// A database of this schema, without a row; the file must not be there.
    pub(crate) fn create(path: &Path, schema: i64) -> Result<Self, ArchiveError> {
        let fail = |error| ArchiveError::Open(open_error(path, error));
        drop(create(path)?);
        let mut connection = connection::writer(path).map_err(fail)?;
        connection.execute_batch(UNSAFE).map_err(fail)?;
        let steps = usize::try_from(schema).unwrap_or(usize::MAX);
        let list = &migrations::ALL[..steps.min(migrations::ALL.len())];
        upgrade::upgrade(&mut connection, path, &Options::default(), list)?;
        // Migrations make rows of their own; the archive brings them, too.
        connection
            .execute_batch("DELETE FROM counter; DELETE FROM setting; BEGIN")
            .map_err(fail)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            in_group: 0,
        })
    }

    /// Takes all rows of a table away, in a database that nobody uses yet.
    pub(crate) fn leave_out(path: &Path, table: &str) -> Result<(), ArchiveError> {
        let fail = |error| ArchiveError::Open(open_error(path, error));
        let connection = connection::writer(path).map_err(fail)?;
        let delete = format!("DELETE FROM {table}");
        connection.execute_batch(&delete).map_err(fail)
    }

    fn add(&mut self, table: &Table, values: &[Value]) -> Result<(), ArchiveError> {
        let insert = connection::run(&self.connection, &table.insert(), values, None);
        insert.map_err(|error| self.fail(error))?;
        self.in_group += 1;
        if self.in_group == GROUP {
            self.in_group = 0;
            self.execute("COMMIT; BEGIN")?;
        }
        Ok(())
    }

    /// Completes the database, and looks through the whole of it. Each table numbers its rows after these numbers from now on.
    pub(crate) fn finish(self, numbers: &BTreeMap<String, i64>) -> Result<(), ArchiveError> {
        for (table, last) in numbers {
            self.number(table, *last)?;
        }
        self.execute("COMMIT; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;")?;
        for check in ["PRAGMA integrity_check(1)", "PRAGMA foreign_key_check"] {
            self.must_be_sound(check)?;
        }
        let Self {
            connection, path, ..
        } = self;
        drop(connection);
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(|cause| ArchiveError::File { path, cause })
    }

    /// From now on the table numbers its rows after this one.
    fn number(&self, table: &str, last: i64) -> Result<(), ArchiveError> {
        let update = "UPDATE sqlite_sequence SET seq = MAX(seq, ?2) WHERE name = ?1";
        let insert = "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)";
        let fail = |error| self.fail(error);
        let changed = self.connection.execute(update, (table, last));
        if changed.map_err(fail)? == 0 {
            self.connection
                .execute(insert, (table, last))
                .map_err(fail)?;
        }
        Ok(())
    }

    fn must_be_sound(&self, check: &str) -> Result<(), ArchiveError> {
        let mut statement = self
            .connection
            .prepare(check)
            .map_err(|error| self.fail(error))?;
        let mut rows = statement.raw_query();
        let first = rows.next().map_err(|error| self.fail(error))?;
        let what = first.map(|row| row.get::<_, String>(0)).transpose();
        match what.map_err(|error| self.fail(error))? {
            None => Ok(()),
            Some(word) if word == "ok" => Ok(()),
            Some(what) => Err(ArchiveError::Open(OpenError::Damaged {
                path: self.path.clone(),
                what,
            })),
        }
    }

    fn execute(&self, sql: &str) -> Result<(), ArchiveError> {
        self.connection
            .execute_batch(sql)
            .map_err(|error| self.fail(error))
    }

    fn fail(&self, error: rusqlite::Error) -> ArchiveError {
        match store_error(&self.path, error) {
            school::StoreError::Corrupt(cause) => ArchiveError::Damaged(cause.to_string()),
            school::StoreError::Taken(field) => {
                ArchiveError::Damaged(format!("two rows have the same `{field}`"))
            }
            school::StoreError::Full(_) => ArchiveError::Open(OpenError::Full(self.path.clone())),
            school::StoreError::NotFound => {
                ArchiveError::Damaged("a row belongs to another that is not there".to_owned())
            }
            other => ArchiveError::Store(other),
        }
    }
}

impl Sink for Filling {
    fn begin(&mut self, _: &Table) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn insert(&mut self, table: &Table, row: &[Value]) -> Result<(), ArchiveError> {
        self.add(table, row)
    }

    fn end(&mut self, _: &Table) -> Result<(), ArchiveError> {
        Ok(())
    }

    fn run(&mut self, sql: &str, params: &[Value]) -> Result<(), ArchiveError> {
        let ran = connection::run(&self.connection, sql, params, None);
        ran.map(drop).map_err(|error| self.fail(error))
    }
}
