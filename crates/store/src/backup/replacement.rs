//! Putting restored records in the place of those on a server, all of them or none.

use std::path::Path;

use super::BackupError;
use crate::archive::{Source, Stage, Stages, compare, table, transfer};
use crate::postgres::{Filling, Options};
use crate::sqlite::{self, Snapshot};

/// Records that were written and read back. Dropped, they were never there.
pub struct Replacement(Filling);

/// Whether the server has no records but those that every new one has.
pub fn is_blank(options: &Options) -> Result<bool, BackupError> {
    Ok(Filling::begin(options)?.count_all()? == 0)
}

/// Writes the records of a restored database in the place of a server's. Nobody can use those until this is over; they
/// are in force again if it fails.
pub fn replace(
    options: &Options,
    restored: &Path,
    progress: Stages<'_>,
) -> Result<Replacement, BackupError> {
    let mut source = Snapshot::open(restored)?;
    let mut filling = Filling::begin(options)?;
    filling.clear()?;
    let writing = &mut |done, all| progress(Stage::Writing, done, all);
    let parts = transfer(&mut source, &mut filling, writing)?;
    filling.number(&source.numbers()?.into_iter().collect())?;
    compare(filling.view(), table::all().iter().zip(&parts), progress)?;
    Ok(Replacement(filling))
}

/// Takes the messages out of a restored database: another store has them.
pub fn without_messages(restored: &Path) -> Result<(), BackupError> {
    Ok(sqlite::Filling::leave_out(restored, "message")?)
}

/// Takes the bans out of a restored database: another store has them.
pub fn without_bans(restored: &Path) -> Result<(), BackupError> {
    Ok(sqlite::Filling::leave_out(restored, "ban")?)
}

impl Replacement {
    /// Puts them in force for good.
    pub fn commit(self) -> Result<(), BackupError> {
        Ok(self.0.commit()?)
    }
}
