//! Moving rows from one engine to another, and proving that they are the same.

use super::line::{self, Digest};
use super::table::{self, Table};
use super::{ArchiveError, Progress, Source, Stage, Stages, TablePart};
use crate::value::Value;

/// Records that take rows.
pub(crate) trait Sink {
    /// Rows of this table come next.
    fn begin(&mut self, table: &Table) -> Result<(), ArchiveError>;

    /// The next row, in the order of the key.
    fn insert(&mut self, table: &Table, row: &[Value]) -> Result<(), ArchiveError>;

    /// That was the last row of the table.
    fn end(&mut self, table: &Table) -> Result<(), ArchiveError>;

    /// Runs a statement that every engine speaks, while no table's rows are coming.
    fn run(&mut self, sql: &str, params: &[Value]) -> Result<(), ArchiveError>;
}

/// Moves every row of every table; answers what each table held.
pub(crate) fn transfer(
    source: &mut dyn Source,
    sink: &mut dyn Sink,
    progress: Progress<'_>,
) -> Result<Vec<TablePart>, ArchiveError> {
    let tables = table::all();
    let (mut done, mut all) = (0, 0);
    for table in &tables {
        all += source.count(table)?;
    }
    let mut parts = Vec::new();
    let mut step = || {
        done += 1;
        progress(done, all);
    };
    for table in &tables {
        parts.push(move_table(source, sink, table, &mut step)?);
    }
    Ok(parts)
}

/// Moves every row of a table; `step` is called for each.
pub(crate) fn move_table(
    source: &mut dyn Source,
    sink: &mut dyn Sink,
    table: &Table,
    step: &mut dyn FnMut(),
) -> Result<TablePart, ArchiveError> {
    sink.begin(table)?;
    let part = digest(source, table, &mut |row| {
        step();
        sink.insert(table, row)
    })?;
    sink.end(table)?;
    Ok(part)
}

/// Reads everything back: it must be the very rows that these parts were made of. `step` is called for each.
pub(crate) fn prove<'a>(
    source: &mut dyn Source,
    parts: impl Iterator<Item = (&'a Table, &'a TablePart)>,
    step: &mut dyn FnMut(),
) -> Result<(), ArchiveError> {
    for (table, part) in parts {
        let found = digest(source, table, &mut |_| {
            step();
            Ok(())
        })?;
        if found != *part {
            return Err(ArchiveError::NotTheSame(part.name.clone()));
        }
    }
    Ok(())
}

/// The same as a stage of its own, of which each row is a part.
pub(crate) fn compare<'a>(
    source: &mut dyn Source,
    parts: impl Iterator<Item = (&'a Table, &'a TablePart)> + Clone,
    progress: Stages<'_>,
) -> Result<(), ArchiveError> {
    let (mut done, all) = (0, parts.clone().map(|(_, part)| part.rows).sum());
    let mut step = || {
        done += 1;
        progress(Stage::Comparing, done, all);
    };
    prove(source, parts, &mut step)
}

/// Reads a table to its end.
pub(crate) fn digest(
    source: &mut dyn Source,
    table: &Table,
    take: &mut dyn FnMut(&[Value]) -> Result<(), ArchiveError>,
) -> Result<TablePart, ArchiveError> {
    let (mut digest, mut text) = (Digest::default(), Vec::new());
    source.each(table, &mut |row| {
        text.clear();
        line::write(row, &mut text);
        digest.add(&text);
        take(row)
    })?;
    Ok(digest.part(&table.name))
}
