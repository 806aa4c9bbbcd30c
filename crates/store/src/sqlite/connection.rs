//! Connections to the file: how each kind is set up, and how a statement is run on one.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, OpenFlags, Result, Row as SqliteRow, Statement, ToSql};

use crate::value::{Row, Value};

/// Other processes, such as the command line, may write too; ours never wait for each other.
const BUSY_FOR: Duration = Duration::from_secs(5);
/// Every statement of the ports stays prepared.
const STATEMENTS: usize = 64;

/// What every connection has.
const EACH: &str =
    "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;";
// The log keeps at most 64 MiB on disk once it was larger; checkpoints are made by the writer after it has answered.
const WRITER: &str = "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; \
    PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -4000;";
const READER: &str = "PRAGMA query_only = ON; PRAGMA cache_size = -2000;";

/// A connection that may write. The file must be there.
pub(super) fn writer(path: &Path) -> Result<Connection> {
    open(path, WRITER)
}

/// A connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection> {
    open(path, READER)
}

fn open(path: &Path, pragmas: &str) -> Result<Connection> {
    // A reader opens the file for writing too: it may be the first to recover the log after a crash.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_FOR)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else a new value for a `LIMIT` or a range makes SQLite plan a prepared statement anew: 40 µs a list.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(EACH)?;
    connection.execute_batch(pragmas)?;
    Ok(connection)
}

/// Runs a statement: how many rows it touched or returned, and those returned.
pub(super) fn run(
    connection: &Connection,
    sql: &str,
    params: &[Value],
    new_id: Option<i64>,
) -> Result<(u64, Vec<Row>)> {
    run_prepared(&mut *connection.prepare_cached(sql)?, params, new_id)
}

/// As [`run`].
pub(super) fn run_prepared(
    statement: &mut Statement<'_>,
    params: &[Value],
    new_id: Option<i64>,
) -> Result<(u64, Vec<Row>)> {
    bind(statement, params, new_id)?;
    if statement.column_count() == 0 {
        let touched = statement.raw_execute()?;
        return Ok((touched as u64, Vec::new()));
    }
    let rows = rows(statement, usize::MAX)?;
    Ok((rows.len() as u64, rows))
}

/// The first rows that a statement gives, `most` of them at most.
pub(super) fn rows(statement: &mut Statement<'_>, most: usize) -> Result<Vec<Row>> {
    let columns = statement.column_count();
    let mut rows = Vec::new();
    let mut found = statement.raw_query();
    while rows.len() < most
        && let Some(row) = found.next()?
    {
        rows.push(Row::new(read(row, columns)?));
    }
    Ok(rows)
}

/// SQLite takes `$1` for a name and numbers names by first use; so statements use them in order.
pub(super) fn bind(
    statement: &mut Statement<'_>,
    params: &[Value],
    new_id: Option<i64>,
) -> Result<()> {
    for (index, value) in (1..).zip(params) {
        debug_assert_eq!(
            statement.parameter_name(index),
            Some(format!("${index}").as_str()),
            "parameters are numbered in order of first use"
        );
        match value {
            Value::NewId => statement.raw_bind_parameter(index, new_id)?,
            given => statement.raw_bind_parameter(index, Bound(given))?,
        }
    }
    Ok(())
}

struct Bound<'a>(&'a Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null | Value::NewId => ValueRef::Null,
            Value::Int(value) => ValueRef::Integer(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

/// A row's values. Each is pushed where it is made: taken out of the match first, it would be read back before it is
/// written, for which the processor waits.
pub(super) fn read(row: &SqliteRow<'_>, columns: usize) -> Result<Vec<Value>> {
    let mut values = Vec::with_capacity(columns);
    for column in 0..columns {
        match row.get_ref(column)? {
            ValueRef::Null => values.push(Value::Null),
            ValueRef::Integer(value) => values.push(Value::Int(value)),
            ValueRef::Blob(value) => values.push(Value::Bytes(value.to_vec())),
            ValueRef::Text(value) => values.push(Value::Text(text(column, value)?)),
            // A real stands in no table; asked for as a text it is an error.
            ValueRef::Real(_) => values.push(Value::Text(row.get(column)?)),
        }
    }
    Ok(values)
}

fn text(column: usize, value: &[u8]) -> Result<String> {
    let text = str::from_utf8(value).map_err(|error| Error::Utf8Error(column, error))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;
    use tempfile::NamedTempFile;

    use super::*;

    fn pragma(connection: &Connection, name: &str) -> i64 {
        let value = connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0));
        value.unwrap()
    }

    #[test]
    fn what_is_answered_is_on_the_disk_and_readers_only_read() {
        let file = NamedTempFile::new().unwrap();
        let (writer, reader) = (writer(file.path()).unwrap(), reader(file.path()).unwrap());
        // 2 is FULL: the log is synced at each commit.
        assert_eq!(pragma(&writer, "synchronous"), 2);
        assert_eq!(pragma(&reader, "query_only"), 1);
        for connection in [&writer, &reader] {
            assert_eq!(pragma(connection, "foreign_keys"), 1);
            assert_eq!(pragma(connection, "trusted_schema"), 0);
            assert_eq!(pragma(connection, "busy_timeout"), 5_000);
        }
    }

    #[test]
    fn a_text_that_is_no_utf8_and_a_real_are_errors() {
        let file = NamedTempFile::new().unwrap();
        let reader = reader(file.path()).unwrap();
        for sql in ["SELECT CAST(x'FF' AS TEXT)", "SELECT 0.5"] {
            assert!(run(&reader, sql, &[], None).is_err(), "{sql}");
        }
    }

    #[test]
    fn a_statement_is_planned_once_whatever_is_bound() {
        const LIST: &str = "SELECT id FROM person WHERE id > $1 ORDER BY id LIMIT $2";
        let file = NamedTempFile::new().unwrap();
        let writer = writer(file.path()).unwrap();
        let table = "CREATE TABLE person (id INTEGER PRIMARY KEY)";
        writer.execute_batch(table).unwrap();
        for number in 1..5 {
            run(
                &writer,
                LIST,
                &[Value::Int(number), Value::Int(number)],
                None,
            )
            .unwrap();
        }
        let statement = writer.prepare_cached(LIST).unwrap();
        assert_eq!(statement.get_status(StatementStatus::Run), 4);
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
