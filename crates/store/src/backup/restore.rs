//! Restoring a backup into a directory of its own.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::{BackupError, Identity, scratch, seal};
use crate::archive::{self, Manifest, Stage, Stages};

/// What a backup was found to be when it was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What it holds.
    pub manifest: Manifest,
    /// The entry at which its audit trail is broken, if it is: a faithful copy of a trail that was tampered with.
    pub broken_trail: Option<i64>,
}

/// Restores a backup into an empty directory, and walks over its audit trail.
pub fn restore(
    path: &Path,
    into: &Path,
    identity: Option<&Identity>,
    progress: Stages<'_>,
) -> Result<Restored, BackupError> {
    let file = File::open(path).map_err(|cause| BackupError::file(path, cause))?;
    let size = file
        .metadata()
        .map_err(|cause| BackupError::file(path, cause))?
        .len();
    let input = seal::open(BufReader::new(file), path, identity)?;
    let manifest = archive::restore(input, into, &mut |stage, done, all| match stage {
        // How large it is, only the file says; opened, a sealed one has fewer bytes.
        Stage::Unpacking => progress(stage, done.min(size), size),
        _ => progress(stage, done, all),
    })?;
    let broken_trail = scratch::broken_trail(&into.join(archive::DATABASE))?;
    Ok(Restored {
        manifest,
        broken_trail,
    })
}
