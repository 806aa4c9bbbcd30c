//! The note beside a backup: what was found when it was proved.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

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

    /// That of a file which was restored.
    pub fn of(file: &Path, restored: &Restored, at: Timestamp) -> Result<Self, BackupError> {
        Ok(Self::new(restored, sum(file)?, at))
    }

    /// One that can't be read is none.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    pub(super) fn text(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("texts and numbers alone")
    }
}

/// What the note of this backup is called.
pub(super) fn name(backup: &str) -> String {
    format!("{backup}.json")
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
