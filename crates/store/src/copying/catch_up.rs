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
    let mut entries = 0;
    each_told(view, since, &mut |view, action, object| {
        entries += 1;
        match followed(&tables, action) {
            Some(table) => make_room(view, into, table, object),
            None => Ok(()),
        }
    })?;
    each_told(
        view,
        since,
        &mut |view, action, object| match followed(&tables, action) {
            Some(table) => renew(view, into, table, object),
            None => Ok(()),
        },
    )?;
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

type Told<'a> = &'a mut dyn FnMut(&mut dyn Source, &str, Option<i64>) -> Result<(), ArchiveError>;

/// Every entry after this one, in order.
fn each_told(view: &mut dyn Source, since: i64, take: Told<'_>) -> Result<(), ArchiveError> {
    let mut after = since;
    loop {
        let rows = view.ask(TOLD, &[Value::Int(after)])?;
        let is_last = rows.len() < PAGE;
        for mut row in rows {
            after = row.int()?;
            let (action, object) = (row.text()?, row.optional_int()?);
            take(view, &action, object)?;
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
    object: Option<i64>,
) -> Result<(), ArchiveError> {
    let Some(id) = object else { return Ok(()) };
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
    object: Option<i64>,
) -> Result<(), ArchiveError> {
    let Some(id) = object else { return Ok(()) };
    match current(view, table, id)? {
        Some(row) => into.run(&table.replace(), &row),
        None => Ok(()),
    }
}

/// Rows that are never changed, only added.
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
    let mut after = Value::Int(since);
    into.begin(table)?;
    loop {
        let rows = view.ask(&select, std::slice::from_ref(&after))?;
        let is_last = rows.len() < PAGE;
        for row in rows {
            let row = row.into_values();
            into.insert(table, &row)?;
            // The key is the first column of such tables.
            after = row.into_iter().next().unwrap_or(Value::Null);
        }
        if is_last {
            return into.end(table);
        }
    }
}
