//! Backups in a folder: made, proved by restoring them, listed, and thinned out.
//!
//! A backup counts once it was read back from the disk and restored into a scratch place beside it. Until then its name ends
//! in `.part`; afterwards a note stands beside it, with its digest and the time of the proof.

mod fault;
mod keep;
mod name;
mod note;
mod schedule;
mod scratch;
mod seal;
mod swap;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use school::Timestamp;

use crate::archive::{self, Contents, Manifest, Progress};

pub use fault::BackupError;
pub use keep::Keep;
pub use note::Note;
pub use schedule::{InvalidSchedule, Schedule};
pub use seal::{Identity, Recipient};
pub use swap::{Swap, swap, unfinished};

use name::Name;
use note::Summed;
use scratch::Scratch;

/// A folder of backups.
#[derive(Debug, Clone)]
pub struct Backups {
    folder: PathBuf,
    recipient: Option<Recipient>,
}

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub path: PathBuf,
    /// When it was made.
    pub made_at: Timestamp,
    /// Its length in bytes.
    pub size: u64,
    /// Whether only a key's owner can read it.
    pub is_sealed: bool,
    /// What was found when it was proved; `None` if it never was.
    pub note: Option<Note>,
}

/// What a listed backup is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It was restored and found whole.
    Proved,
    /// Nothing is known of it.
    Unproved,
    /// It is not the file any more that was proved.
    Changed,
}

impl Backup {
    /// What it is worth, as far as its length tells.
    pub fn state(&self) -> State {
        match &self.note {
            None => State::Unproved,
            Some(note) if note.size != self.size => State::Changed,
            Some(_) => State::Proved,
        }
    }
}

impl Backups {
    /// Those in this folder; new ones are sealed for the recipient, if there is one.
    pub fn new(folder: PathBuf, recipient: Option<Recipient>) -> Self {
        Self { folder, recipient }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All of them, the newest first; what is being made is not among them.
    pub fn list(&self) -> Result<Vec<Backup>, BackupError> {
        let fail = |cause| BackupError::file(&self.folder, cause);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(fail(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name();
            let Some(name) = name.to_str().and_then(Name::parse) else {
                continue;
            };
            let path = entry.path();
            found.push(Backup {
                made_at: name.made_at,
                size: entry.metadata().map_err(fail)?.len(),
                is_sealed: name.is_sealed,
                note: Note::beside(&path),
                path,
            });
        }
        found.sort_by_key(|backup| std::cmp::Reverse(backup.made_at));
        Ok(found)
    }

    /// Makes one and proves it. Nothing is left of it if that fails.
    pub fn create(
        &self,
        contents: &Contents<'_>,
        at: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Backup, BackupError> {
        let _lock = self.lock()?;
        self.clear();
        let name = Name::new(at, self.recipient.is_some());
        let path = self.folder.join(name.to_string());
        let plain = Part::create(&self.folder.join(Name::new(at, false).to_string()))?;
        let (summed, manifest) = archive::create(Summed::new(plain.writer()?), contents, progress)?;
        let mut written = plain.settle(summed)?;
        let restored = self.prove(&plain.path, &manifest)?;
        let part = match &self.recipient {
            None => plain,
            Some(recipient) => {
                let sealed = Part::create(&path)?;
                let output = Summed::new(sealed.writer()?);
                written = sealed.settle(recipient.seal(&plain.path, output)?)?;
                sealed
            }
        };
        // What the disk gives back is what was written.
        if note::sum(&part.path)? != written {
            return Err(BackupError::ReadBack(part.path.clone()));
        }
        part.keep(&path)?;
        let note = Note::new(&restored, written, at);
        note.write(&path)?;
        Ok(Backup {
            made_at: name.made_at,
            size: note.size,
            is_sealed: name.is_sealed,
            note: Some(note),
            path,
        })
    }

    /// Restores a backup into a scratch place, and notes that it is whole.
    pub fn verify(
        &self,
        path: &Path,
        identity: Option<&Identity>,
        at: Timestamp,
        progress: Progress<'_>,
    ) -> Result<Note, BackupError> {
        let sums = note::sum(path)?;
        let known = Note::beside(path).map(|note| (note.size, note.sha256));
        if known.is_some_and(|known| known != sums) {
            return Err(BackupError::NotTheSame(path.to_owned()));
        }
        let _lock = self.lock()?;
        self.clear();
        let scratch = Scratch::new(&self.folder)?;
        let restored = restore(path, scratch.path(), identity, progress)?;
        let note = Note::new(&restored, sums, at);
        note.write(path)?;
        Ok(note)
    }

    /// Removes what need not be kept; answers what was removed.
    pub fn thin_out(&self, keep: &Keep) -> Result<Vec<Backup>, BackupError> {
        let removed = keep.too_many(self.list()?);
        for backup in &removed {
            let fail = |cause| BackupError::file(&backup.path, cause);
            fs::remove_file(&backup.path).map_err(fail)?;
            Note::remove(&backup.path);
        }
        Ok(removed)
    }

    fn prove(&self, path: &Path, manifest: &Manifest) -> Result<Restored, BackupError> {
        let scratch = Scratch::new(&self.folder)?;
        let restored = restore(path, scratch.path(), None, &mut |_, _| {})?;
        if restored.manifest == *manifest {
            Ok(restored)
        } else {
            Err(BackupError::ReadBack(path.to_owned()))
        }
    }

    /// The folder is this process's alone while one is made.
    fn lock(&self) -> Result<File, BackupError> {
        let fail = |cause| BackupError::file(&self.folder, cause);
        let mut folder = fs::DirBuilder::new();
        folder
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(fail)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(self.folder.join(".lock")).map_err(fail)?;
        match lock.try_lock() {
            Ok(()) => Ok(lock),
            Err(TryLockError::WouldBlock) => Err(BackupError::Busy(self.folder.clone())),
            Err(TryLockError::Error(error)) => Err(fail(error)),
        }
    }

    /// Takes away what a process left that was killed; the lock is held.
    fn clear(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
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
}

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
    progress: Progress<'_>,
) -> Result<Restored, BackupError> {
    let file = File::open(path).map_err(|cause| BackupError::file(path, cause))?;
    let size = file
        .metadata()
        .map_err(|cause| BackupError::file(path, cause))?
        .len();
    let input = seal::open(BufReader::new(file), path, identity)?;
    let manifest = archive::restore(input, into, &mut |done, _| progress(done.min(size), size))?;
    let broken_trail = scratch::broken_trail(&into.join(archive::DATABASE))?;
    Ok(Restored {
        manifest,
        broken_trail,
    })
}

/// A file that is being made; removed when it is dropped before it was kept.
struct Part {
    path: PathBuf,
    file: File,
    is_kept: std::cell::Cell<bool>,
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
        Ok(Self {
            path,
            file,
            is_kept: std::cell::Cell::new(false),
        })
    }

    fn writer(&self) -> Result<BufWriter<File>, BackupError> {
        let file = self.file.try_clone();
        file.map(BufWriter::new)
            .map_err(|cause| BackupError::file(&self.path, cause))
    }

    /// Everything is on the disk; its size and digest as they were written.
    fn settle<W: Write>(&self, summed: Summed<W>) -> Result<(u64, String), BackupError> {
        let fail = |cause| BackupError::file(&self.path, cause);
        let sums = summed.finish().map_err(fail)?;
        self.file.sync_all().map_err(fail)?;
        Ok(sums)
    }

    fn keep(&self, path: &Path) -> Result<(), BackupError> {
        let fail = |cause| BackupError::file(path, cause);
        fs::rename(&self.path, path).map_err(fail)?;
        self.is_kept.set(true);
        note::sync_folder(path).map_err(fail)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_kept.get() {
            let _ = fs::remove_file(&self.path);
        }
    }
}
