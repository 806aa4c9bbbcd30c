//! Putting what was restored in the place of what is there, so that nothing is lost whenever it is broken off.
//!
//! What is there moves aside, then the new moves in. A marker stands beside both from before the first move until after
//! the last: while it does, no server starts, and the same restore can be begun anew.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::{BackupError, note};

/// The marker's name in the data directory.
const MARKER: &str = "restore-unfinished";
/// The mend.
const BROKEN_OFF: &str = "a restore was broken off: run `pendopo backup restore` again";

/// One exchange of files or directories.
#[derive(Debug, Clone)]
pub struct Swap {
    /// What was restored; `None` where nothing shall be in its place.
    pub new: Option<PathBuf>,
    /// The place.
    pub live: PathBuf,
}

/// Why no server may use this data directory: what a restore that was broken off left to be done.
pub fn unfinished(data: &Path) -> Option<String> {
    let told = fs::read_to_string(data.join(MARKER)).ok()?;
    // Whoever was killed while it was written has changed nothing yet.
    if told.trim().is_empty() {
        return Some(BROKEN_OFF.to_owned());
    }
    Some(told)
}

/// Does all of them, after `first`, which does what belongs to them elsewhere. What was there is in `aside` afterwards.
pub fn swap(
    data: &Path,
    aside: &Path,
    swaps: &[Swap],
    first: impl FnOnce() -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let marker = data.join(MARKER);
    let fail = |cause| BackupError::file(&marker, cause);
    private_dir(aside)?;
    mark(&marker, aside).map_err(fail)?;
    first()?;
    for swap in swaps {
        set_aside(&swap.live, aside)?;
    }
    for swap in swaps {
        if let Some(new) = &swap.new {
            moved(new, &swap.live)?;
        }
    }
    fs::remove_file(&marker).map_err(fail)?;
    note::sync_folder(&marker).map_err(fail)
}

fn private_dir(path: &Path) -> Result<(), BackupError> {
    let mut directory = DirBuilder::new();
    let made = directory.recursive(true).mode(0o700).create(path);
    made.map_err(|cause| BackupError::file(path, cause))
}

fn mark(marker: &Path, aside: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(marker)?;
    writeln!(
        file,
        "{BROKEN_OFF}; what was there before is in {}",
        aside.display()
    )?;
    file.sync_all()?;
    note::sync_folder(marker)
}

fn set_aside(live: &Path, aside: &Path) -> Result<(), BackupError> {
    let Some(name) = live.file_name() else {
        return Ok(());
    };
    match fs::symlink_metadata(live) {
        Ok(_) => moved(live, &aside.join(name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(BackupError::file(live, error)),
    }
}

/// Moves a file or a directory, to another disk as well.
fn moved(from: &Path, to: &Path) -> Result<(), BackupError> {
    let fail = |cause| BackupError::file(to, cause);
    match fs::rename(from, to) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            copy(from, to).map_err(fail)?;
            let removed = if from.is_dir() {
                fs::remove_dir_all(from)
            } else {
                fs::remove_file(from)
            };
            removed.map_err(|cause| BackupError::file(from, cause))?;
        }
        Err(error) => return Err(fail(error)),
    }
    note::sync_folder(from).map_err(fail)?;
    note::sync_folder(to).map_err(fail)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        fs::copy(from, to)?;
        return File::open(to)?.sync_all();
    }
    DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
