//! What changed since a view of the records was copied: the trail tells which rows to look at again.

use crate::archive::table::{self, Follow, Table};
use crate::archive::{ArchiveError, Sink, Source, move_table};
use crate::value::{Row, Value};

/// Entries that are looked at together: memory does not grow with what changed.
const PAGE: usize = 1_000;
const LAST: &str = "SELECT COALESCE(MAX(seq), 0) FROM audit";
const TOLD: &str =
    "SELECT seq, action, object_id FROM audit WHERE seq > $1 ORDER BY seq LIMIT 1000";
/// One row may have now what another had: first nobody has it.
const RELEASE: &str = "UPDATE person SET email = NULL, email_key = NULL, username = NULL, username_key = NULL \
    WHERE id = $1";

/// The last entry of the trail; everything until then is in the view.
pub(super) fn last_entry(view: &mut dyn Source) -> Result<i64, ArchiveError> {
    let rows = view.ask(LAST, &[])?;
    let first = rows.into_iter().next().map(|mut row| row.int());
    first.transpose()?.ok_or_else(ArchiveError::no_head)
}

/// Moves what changed after this entry; answers how many entries tell of it.
pub(super) fn catch_up(
    view: &mut dyn Source,
    into: &mut dyn Sink,
    since: i64,
) -> Result<u64, ArchiveError> {
    let tables = table::all();
    let entries = each_told(view, &tables, since, &mut |view, table, id| {
        make_room(view, into, table, id)
    })?;
    each_told(view, &tables, since, &mut |view, table, id| {
        renew(view, into, table, id)
    })?;
    for table in &tables {
        match table.follow() {
            Follow::Told(_) => {}
            Follow::Appended => append(view, into, table, since)?,
            Follow::Whole => {
                into.run(&format!("DELETE FROM {}", table.name), &[])?;
                move_table(view, into, table, &mut || {})?;
            }
        }
    }
    Ok(entries)
}

type Told<'a> = &'a mut dyn FnMut(&mut dyn Source, &Table, i64) -> Result<(), ArchiveError>;

/// Every row that entries after this one name, in their order; answers how many entries there are.
fn each_told(
    view: &mut dyn Source,
    tables: &[Table],
    since: i64,
    take: Told<'_>,
) -> Result<u64, ArchiveError> {
    let mut entries = 0;
    each_after(view, TOLD, since, &mut |view, _, mut row| {
        entries += 1;
        let (action, object) = (row.text()?, row.optional_int()?);
        match (followed(tables, &action), object) {
            (Some(table), Some(id)) => take(view, table, id),
            _ => Ok(()),
        }
    })?;
    Ok(entries)
}

type Numbered<'a> = &'a mut dyn FnMut(&mut dyn Source, i64, Row) -> Result<(), ArchiveError>;

/// Every row after this number, which is the first column, and what stands behind it.
fn each_after(
    view: &mut dyn Source,
    select: &str,
    since: i64,
    take: Numbered<'_>,
) -> Result<(), ArchiveError> {
    let mut after = since;
    loop {
        let rows = view.ask(select, &[Value::Int(after)])?;
        let is_last = rows.len() < PAGE;
        for mut row in rows {
            after = row.int()?;
            take(view, after, row)?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// The table whose rows such actions change.
fn followed<'a>(tables: &'a [Table], action: &str) -> Option<&'a Table> {
    let subject = action.split('.').next().unwrap_or(action);
    let is_told =
        |table: &&Table| matches!(table.follow(), Follow::Told(of) if of.contains(&subject));
    tables.iter().find(is_told)
}

/// The row as it is now.
fn current(
    view: &mut dyn Source,
    table: &Table,
    id: i64,
) -> Result<Option<Vec<Value>>, ArchiveError> {
    let select = format!(
        "SELECT {} FROM {} WHERE id = $1",
        table.columns.join(", "),
        table.name
    );
    let rows = view.ask(&select, &[Value::Int(id)])?;
    Ok(rows.into_iter().next().map(Row::into_values))
}

/// Takes away what is gone, with what belonged to it, and what another row may have now.
fn make_room(
    view: &mut dyn Source,
    into: &mut dyn Sink,
    table: &Table,
    id: i64,
) -> Result<(), ArchiveError> {
    if current(view, table, id)?.is_none() {
        let delete = format!("DELETE FROM {} WHERE id = $1", table.name);
        into.run(&delete, &[Value::Int(id)])
    } else if table.name == "person" {
        into.run(RELEASE, &[Value::Int(id)])
    } else {
        Ok(())
    }
}

/// The row there becomes what it is here.
fn renew(
    view: &mut dyn Source,
    into: &mut dyn Sink,
    table: &Table,
    id: i64,
) -> Result<(), ArchiveError> {
    match current(view, table, id)? {
        Some(row) => into.run(&table.replace(), &row),
        None => Ok(()),
    }
}

/// Rows that are never changed, only added; their number is the first column.
fn append(
    view: &mut dyn Source,
    into: &mut dyn Sink,
    table: &Table,
    since: i64,
) -> Result<(), ArchiveError> {
    let (columns, key) = (table.columns.join(", "), table.key.join(", "));
    let select = format!(
        "SELECT {columns} FROM {} WHERE {key} > $1 ORDER BY {key} LIMIT 1000",
        table.name
    );
    into.begin(table)?;
    each_after(view, &select, since, &mut |_, number, row| {
        let mut values = vec![Value::Int(number)];
        values.extend(row.into_values());
        into.insert(table, &values)
    })?;
    into.end(table)
}
