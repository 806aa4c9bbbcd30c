//! Moving records from one engine to another while a server goes on with them: most of it beside the server, what changed
//! meanwhile in a moment without writes, and a proof before anything counts.

mod catch_up;
mod fault;
mod target;

use std::path::Path;
use std::time::{Duration, Instant};

use crate::archive::{Origin, Progress, Source, TablePart, WriteLock, digest, table, transfer};

pub use fault::CopyError;

use target::Target;

/// What a copy is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Rows are moved beside those who write.
    Moving,
    /// What was written is compared with what it was made of.
    Proving,
}

/// A copy that is whole and in force.
pub struct Copied {
    /// Rows that were moved while others could write, and how long that took.
    pub moved: (u64, Duration),
    /// Entries that came to the audit trail meanwhile.
    pub entries: u64,
    /// How long nobody could write, until those changes were moved as well.
    pub read_only: Duration,
    /// Each table, the same there as here.
    pub tables: Vec<TablePart>,
    /// While it lives nobody can write to the source, if that was wished for.
    pub frozen: Option<Frozen>,
}

/// Whether those who write may go on with the source after the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// They go on, and what they write is in no copy.
    Open,
    /// They can't, as long as [`Copied::frozen`] lives.
    Frozen,
}

/// Nobody writes to records while it lives; everybody may read.
pub struct Frozen {
    _lock: WriteLock,
}

/// Copies all records to a file that is not there yet, or to a server without any. There they are in force once they were
/// read back and found to be the same; until then, and after a failure, there is nothing.
pub fn copy(
    from: &Origin,
    to: &Origin,
    after: After,
    progress: &mut dyn FnMut(Stage, u64, u64),
) -> Result<Copied, CopyError> {
    let mut target = Target::begin(to)?;
    let begun = Instant::now();
    let mut view = from.view()?;
    let since = catch_up::last_entry(view.as_mut())?;
    let moving = &mut |done, all| progress(Stage::Moving, done, all);
    let parts = transfer(view.as_mut(), target.sink(), moving)?;
    let moved = (rows(&parts), begun.elapsed());
    drop(view);

    let begun = Instant::now();
    let frozen = Frozen {
        _lock: from.lock()?,
    };
    let mut view = from.view()?;
    let entries = catch_up::catch_up(view.as_mut(), target.sink(), since)?;
    let frozen = Some(frozen).filter(|_| after == After::Frozen);
    let read_only = begun.elapsed();

    let tables = prove(view.as_mut(), target, &mut |done, all| {
        progress(Stage::Proving, done, all);
    })?;
    Ok(Copied {
        moved,
        entries,
        read_only,
        tables,
        frozen,
    })
}

/// Reads the view once more, holds what was written against it, and puts that in force.
fn prove(
    view: &mut dyn Source,
    target: Target,
    progress: Progress<'_>,
) -> Result<Vec<TablePart>, CopyError> {
    let (mut done, mut all) = (0, 0);
    let tables = table::all();
    for table in &tables {
        all += 2 * view.count(table)?;
    }
    let mut step = || {
        done += 1;
        progress(done, all);
    };
    let mut parts = Vec::new();
    for table in &tables {
        parts.push(digest(view, table, &mut |_| {
            step();
            Ok(())
        })?);
    }
    let numbers = view.numbers()?.into_iter().collect();
    target.finish(&numbers, &parts, &mut step)?;
    Ok(parts)
}

fn rows(parts: &[TablePart]) -> u64 {
    parts.iter().map(|part| part.rows).sum()
}

/// The directory of a file.
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
