//! A place to restore into that goes away again, and what is looked at there.

use std::fs;
use std::path::Path;

use school::Actor;
use school::audit::{self, AuditError, Verdict};
use tempfile::{Builder, TempDir};
use tokio::runtime;

use super::BackupError;
use crate::sqlite::{self, Options};

/// Its name begins so.
pub(super) const PREFIX: &str = ".scratch-";

pub(super) struct Scratch(TempDir);

impl Scratch {
    pub(super) fn new(folder: &Path) -> Result<Self, BackupError> {
        let made = Builder::new().prefix(PREFIX).tempdir_in(folder);
        made.map(Self)
            .map_err(|cause| BackupError::file(folder, cause))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Opens the restored database as a server would, and walks over its audit trail: the entry at which it is broken, if it is.
pub(super) fn broken_trail(database: &Path) -> Result<Option<i64>, BackupError> {
    let opened = sqlite::open(database, &Options::default())?;
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| BackupError::file(database, cause))?;
    let verdict = runtime.block_on(audit::verify(&opened.stores, &Actor::console()));
    opened.close();
    // Opening one of an older schema brought it to ours, after a copy that is of no use here.
    let _ = fs::remove_dir_all(database.with_file_name("backups"));
    match verdict {
        // The console may do everything.
        Ok(Verdict::Sound { .. }) | Err(AuditError::Denied(_)) => Ok(None),
        Ok(Verdict::Broken { seq }) => Ok(Some(seq)),
        Err(AuditError::Store(error)) => Err(BackupError::of_restored(database, error)),
    }
}
