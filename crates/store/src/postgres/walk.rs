//! Walking over whole tables in a transaction, page by page, in the order that every engine gives.

use tokio::task::yield_now;
use tokio_postgres::Error;
use tokio_postgres::types::Type;

use super::connection::Sent;
use super::session::{Session, odd};
use crate::archive::{ArchiveError, Table, table};
use crate::value::{Row, Value};

/// Rows that are asked for at once: memory does not grow with the table.
const PAGE: u32 = 1_000;
const COLUMNS: &str = "SELECT attname::text, atttypid::bigint, CASE WHEN attcollation = 0 THEN 0 ELSE 1 END \
    FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped";
/// Of each table that numbers its rows: its name, the column, and the sequence.
const SEQUENCES: &str = "SELECT c.relname::text, a.attname::text, \
    pg_get_serial_sequence(a.attrelid::regclass::text, a.attname::text) \
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
    WHERE a.attidentity <> '' AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('migration')) \
    ORDER BY c.relname";

/// A column, as the server has it.
struct Column {
    name: String,
    kind: Type,
    /// It is ordered by the rules of some language unless we say otherwise.
    is_collated: bool,
}

/// A table that numbers its rows.
pub(super) struct Sequence {
    pub(super) table: String,
    pub(super) column: String,
    /// Its name, as it stands in statements.
    pub(super) name: String,
}

/// Every row, in the order of the table's key; texts by their bytes, as SQLite orders them.
pub(super) fn each(
    session: &Session,
    table: &Table,
    take: &mut dyn FnMut(&[Value]) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let columns = columns(session, table)?;
    let is_collated = |key: &str| {
        let mut found = columns.iter().filter(|column| column.name == key);
        found.next().is_some_and(|column| column.is_collated)
    };
    let select = table.select_by(|key| {
        if is_collated(key) {
            format!("{key} COLLATE \"C\"")
        } else {
            key.to_owned()
        }
    });
    let cursor = format!("every_{}", table.name);
    session.execute(&format!("DECLARE {cursor} NO SCROLL CURSOR FOR {select}"))?;
    let fetch = format!("FETCH {PAGE} FROM {cursor}");
    session.ask(session.connection().prepare(&fetch))?;
    let mut next = asked(session, &fetch);
    loop {
        let (_, rows) = session.ask(next.answer())?;
        if rows.is_empty() {
            break;
        }
        // On its way while these are worked on.
        next = asked(session, &fetch);
        for row in rows {
            take(&row.into_values())?;
        }
    }
    session.execute(&format!("CLOSE {cursor}"))
}

type Page = Result<(u64, Vec<Row>), Error>;

fn asked<'a>(session: &'a Session, fetch: &'a str) -> Sent<'a, Page> {
    session.wait(async {
        let sent = Sent::send(session.connection().run(fetch, &[])).await;
        yield_now().await;
        sent
    })
}

pub(super) fn count(session: &Session, table: &Table) -> Result<u64, ArchiveError> {
    let count = number(session, &table.count())?;
    u64::try_from(count).map_err(|_| odd("a count below nothing"))
}

/// The types of the table's columns, in the order of the archive.
pub(super) fn types(session: &Session, table: &Table) -> Result<Vec<Type>, ArchiveError> {
    let found = columns(session, table)?;
    let kind = |name: &String| {
        let column = found.iter().find(|column| column.name == *name);
        column.map(|column| column.kind.clone())
    };
    let types: Option<Vec<_>> = table.columns.iter().map(kind).collect();
    types.ok_or_else(|| odd("a table has not its columns"))
}

fn columns(session: &Session, table: &Table) -> Result<Vec<Column>, ArchiveError> {
    let column = |mut row: Row| {
        let (name, kind, is_collated) = (row.text()?, row.int()?, row.bool()?);
        let kind = u32::try_from(kind).ok().and_then(Type::from_oid);
        Ok(Column {
            name,
            kind: kind.unwrap_or(Type::TEXT),
            is_collated,
        })
    };
    rows(
        session,
        COLUMNS,
        &[Value::from(table.name.as_str())],
        column,
    )
}

pub(super) fn sequences(session: &Session) -> Result<Vec<Sequence>, ArchiveError> {
    rows(session, SEQUENCES, &[], |mut row| {
        Ok(Sequence {
            table: row.text()?,
            column: row.text()?,
            name: row.text()?,
        })
    })
}

impl Sequence {
    /// It is not of a table that another program has beside ours.
    pub(super) fn is_ours(&self) -> bool {
        table::every_name().contains(&self.table.as_str())
    }
}

/// For each table that numbers its rows, the last number that it gave; sequences stand outside of views, so these are at
/// least as high as the rows.
pub(super) fn numbers(session: &Session) -> Result<Vec<(String, i64)>, ArchiveError> {
    let mut numbers = Vec::new();
    for sequence in sequences(session)? {
        let last = format!(
            "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {}",
            sequence.name
        );
        let last = number(session, &last)?;
        if last > 0 && sequence.is_ours() {
            numbers.push((sequence.table, last));
        }
    }
    Ok(numbers)
}

fn rows<T>(
    session: &Session,
    sql: &str,
    params: &[Value],
    read: impl FnMut(Row) -> Result<T, school::StoreError>,
) -> Result<Vec<T>, ArchiveError> {
    let (_, rows) = session.ask(session.connection().run(sql, params))?;
    let rows: Result<Vec<_>, _> = rows.into_iter().map(read).collect();
    rows.map_err(ArchiveError::Store)
}

/// The one number that a question is answered with.
pub(super) fn number(session: &Session, sql: &str) -> Result<i64, ArchiveError> {
    let found = rows(session, sql, &[], |mut row| row.int())?;
    found.first().copied().ok_or_else(|| odd("no answer"))
}
