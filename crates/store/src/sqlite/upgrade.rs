//! Brings a database to this version's schema: each step in a transaction of its own, after a copy of what was there.

use std::error::Error;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tracing::info;

use super::failure::open_error;
use super::{Options, connection};
use crate::migrations::Migration;
use crate::open_error::OpenError;

/// `PNDP` in the file's header: ours.
const APPLICATION: i32 = 0x504E_4450;
const MIGRATION_TABLE: &str = "CREATE TABLE migration (id INTEGER PRIMARY KEY, name TEXT NOT NULL, \
    checksum BLOB NOT NULL, applied_at INTEGER NOT NULL) STRICT";

/// Applies what is missing of `list`; answers the schema's number. Others who start meanwhile wait, and find it done.
pub(super) fn upgrade(
    connection: &mut Connection,
    path: &Path,
    options: &Options,
    list: &[Migration],
) -> Result<i64, OpenError> {
    let fail = |error| open_error(path, error);
    // There is nothing to lose, or it was copied.
    let mut is_safe = false;
    loop {
        let work = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(fail)?;
        take_over(&work, path)?;
        let applied = applied(&work, path, list)?;
        let Some(next) = list.get(applied) else {
            work.commit().map_err(fail)?;
            return Ok(i64::try_from(applied).unwrap_or(i64::MAX));
        };
        if applied > 0 && !is_safe {
            copy(path, options, applied)?;
        }
        is_safe = true;
        apply(&work, next, options).map_err(fail)?;
        work.commit().map_err(fail)?;
        info!(
            schema = next.id,
            "the database was brought to schema {} `{}`", next.id, next.name
        );
    }
}

/// An empty file becomes ours; one with another's tables is left alone.
fn take_over(work: &Transaction<'_>, path: &Path) -> Result<(), OpenError> {
    let fail = |error| open_error(path, error);
    let owner: i32 = work
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(fail)?;
    let tables: i64 = work
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(fail)?;
    match (owner, tables) {
        (APPLICATION, _) => Ok(()),
        (0, 0) => work
            .pragma_update(None, "application_id", APPLICATION)
            .and_then(|()| work.execute_batch(MIGRATION_TABLE))
            .map_err(fail),
        _ => Err(OpenError::Foreign(path.display().to_string())),
    }
}

/// How many steps were applied; those of a newer version, or other ones under our numbers, are refused.
fn applied(work: &Transaction<'_>, path: &Path, list: &[Migration]) -> Result<usize, OpenError> {
    let fail = |error| open_error(path, error);
    let mut statement = work
        .prepare("SELECT id, checksum FROM migration ORDER BY id")
        .map_err(fail)?;
    let rows = statement
        .query_map([], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        })
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(fail)?;
    let found = rows.last().map_or(0, |row| row.0);
    let known = list.last().map_or(0, |step| step.id);
    if found > known {
        return Err(OpenError::Newer {
            database: path.display().to_string(),
            found,
            known,
        });
    }
    for ((id, checksum), step) in rows.iter().zip(list) {
        if *id != step.id || checksum.as_slice() != step.sqlite_checksum() {
            return Err(OpenError::Changed {
                database: path.display().to_string(),
                id: step.id,
            });
        }
    }
    Ok(rows.len())
}

fn apply(work: &Transaction<'_>, step: &Migration, options: &Options) -> rusqlite::Result<()> {
    work.execute_batch(&step.for_sqlite())?;
    work.execute(
        "INSERT INTO migration (id, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
        params![
            step.id,
            step.name,
            step.sqlite_checksum(),
            options.clock.now().0
        ],
    )?;
    Ok(())
}

/// A whole copy of the database as it stands, while the caller keeps others from writing. It replaces one of an earlier
/// attempt from the same schema, so that a server that fails to start again and again does not fill the disk.
fn copy(path: &Path, options: &Options, schema: usize) -> Result<(), OpenError> {
    let beside = || path.with_file_name("backups");
    let directory = options.backups.clone().unwrap_or_else(beside);
    let target = directory.join(format!("before-upgrade-from-{schema}.db"));
    copy_to(path, &directory, &target).map_err(|cause| OpenError::NoBackup {
        directory,
        cause: cause.to_string(),
    })?;
    info!(copy = %target.display(), "the database was copied before its upgrade");
    Ok(())
}

fn copy_to(path: &Path, directory: &Path, target: &Path) -> Result<(), Box<dyn Error>> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let part = target.with_extension("part");
    // SQLite writes into an empty file; so the copy is its owner's alone from the start.
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let handle = options.open(&part)?;
    let source = connection::writer(path)?;
    source.execute("VACUUM INTO ?1", [part.to_string_lossy()])?;
    handle.sync_all()?;
    fs::rename(&part, target)?;
    File::open(directory)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests;
