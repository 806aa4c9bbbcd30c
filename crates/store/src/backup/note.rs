//! The note beside a backup: what was found when it was proved.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use school::Timestamp;
use school::secret::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{BackupError, Restored};

/// What was found when a backup was proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The file's length.
    pub size: u64,
    /// The file's SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// When it was last restored and found whole.
    pub proved_at: Timestamp,
    /// The version that made it.
    pub version: String,
    /// The number of the last migration.
    pub schema: i64,
    /// Rows of all tables.
    pub rows: u64,
    /// How many files it holds.
    pub files: usize,
    /// The entry at which its audit trail is broken: it was changed, removed or put there from outside.
    pub broken_trail: Option<i64>,
}

impl Note {
    pub(super) fn new(restored: &Restored, (size, sha256): (u64, String), at: Timestamp) -> Self {
        let manifest = &restored.manifest;
        Self {
            size,
            sha256,
            proved_at: at,
            version: manifest.head.version.clone(),
            schema: manifest.head.schema,
            rows: manifest.rows(),
            files: manifest.files.len(),
            broken_trail: restored.broken_trail,
        }
    }

    /// That of this backup. One that can't be read is none: the backup is then to be proved again.
    pub(super) fn beside(backup: &Path) -> Option<Self> {
        let text = fs::read(place(backup)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub(super) fn write(&self, backup: &Path) -> Result<(), BackupError> {
        let path = place(backup);
        let fail = |cause| BackupError::file(&path, cause);
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let text = serde_json::to_vec_pretty(self).expect("texts and numbers alone");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&beside).map_err(fail)?;
        file.write_all(&text).map_err(fail)?;
        file.sync_all().map_err(fail)?;
        fs::rename(&beside, &path).map_err(fail)?;
        sync_folder(&path).map_err(fail)
    }

    pub(super) fn remove(backup: &Path) {
        // A note without its backup says nothing to anybody.
        let _ = fs::remove_file(place(backup));
    }
}

fn place(backup: &Path) -> PathBuf {
    let mut name = backup.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}

/// Names in the folder are on the disk.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Length and SHA-256 of a file as the disk gives it.
pub(super) fn sum(path: &Path) -> Result<(u64, String), BackupError> {
    let fail = |cause| BackupError::file(path, cause);
    let mut file = File::open(path).map_err(fail)?;
    let mut summed = Summed::new(io::sink());
    io::copy(&mut file, &mut summed).map_err(fail)?;
    summed.finish().map_err(fail)
}

/// Digests what is written through it.
pub(super) struct Summed<W> {
    inner: W,
    size: u64,
    sha256: Sha256,
}

impl<W: Write> Summed<W> {
    pub(super) fn new(inner: W) -> Self {
        Self {
            inner,
            size: 0,
            sha256: Sha256::new(),
        }
    }

    pub(super) fn finish(mut self) -> io::Result<(u64, String)> {
        self.inner.flush()?;
        Ok((self.size, hex(&self.sha256.finalize())))
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(buffer)?;
        self.size += written as u64;
        self.sha256.update(&buffer[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
