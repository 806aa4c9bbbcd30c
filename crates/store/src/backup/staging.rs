//! The folder in which backups are made and proved, one at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::note::Summed;
use super::{BackupError, name, scratch};

#[derive(Debug, Clone)]
pub(super) struct Staging(PathBuf);

/// The folder is this process's alone as long as this lives.
pub(super) struct Held {
    _lock: File,
}

impl Staging {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the folder if it is not there, keeps others out, and takes away what a process left that was killed.
    pub(super) fn hold(&self) -> Result<Held, BackupError> {
        let fail = |cause| BackupError::file(&self.0, cause);
        let mut folder = DirBuilder::new();
        folder
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(fail)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(self.0.join(".lock")).map_err(fail)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Busy(self.0.clone())),
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        self.clear();
        Ok(Held { _lock: lock })
    }

    fn clear(&self) {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // What can't be removed now is tried again next time, and is listed nowhere.
            if name.starts_with(scratch::PREFIX) {
                let _ = fs::remove_dir_all(entry.path());
            } else if name.starts_with(name::PREFIX) && name.ends_with(".part") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// A file that is being made.
    pub(super) fn part(&self, name: &str) -> Result<Part, BackupError> {
        Part::create(&self.0.join(name))
    }
}

/// A file that is being made; removed when it is dropped.
pub(super) struct Part {
    pub(super) path: PathBuf,
    file: File,
}

impl Part {
    fn create(path: &Path) -> Result<Self, BackupError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let path = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options
            .open(&path)
            .map_err(|cause| BackupError::file(&path, cause))?;
        Ok(Self { path, file })
    }

    pub(super) fn writer(&self) -> Result<BufWriter<File>, BackupError> {
        let file = self.file.try_clone();
        file.map(BufWriter::new)
            .map_err(|cause| BackupError::file(&self.path, cause))
    }

    /// Everything is on the disk; its size and digest as they were written.
    pub(super) fn settle<W: Write>(&self, summed: Summed<W>) -> Result<(u64, String), BackupError> {
        let fail = |cause| BackupError::file(&self.path, cause);
        let sums = summed.finish().map_err(fail)?;
        self.file.sync_all().map_err(fail)?;
        Ok(sums)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // One that was kept has moved away, or is a copy.
        let _ = fs::remove_file(&self.path);
    }
}
