//! Backups in a folder or a bucket: made, proved by restoring them, listed, and thinned out.
//!
//! A backup counts once it was restored into a scratch place and came back from where it is kept as it was written. Until
//! then its name ends in `.part`; afterwards a note stands beside it, with its digest and the time of the proof.

mod bucket;
mod fault;
mod found;
mod keep;
mod name;
mod note;
mod place;
mod replacement;
mod restore;
mod schedule;
mod scratch;
mod seal;
mod staging;
mod swap;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use school::Timestamp;

use crate::archive::{self, Contents, Manifest, Stage, Stages};

pub use bucket::{Bucket, BucketAccess};
pub use fault::BackupError;
pub use keep::Keep;
pub use note::Note;
pub use place::Place;
pub use replacement::{Replacement, is_blank, replace, without_bans, without_messages};
pub use restore::{Restored, restore};
pub use schedule::{InvalidSchedule, Schedule};
pub use seal::{Identity, Recipient};
pub use swap::{Swap, swap, unfinished};

use name::Name;
use note::Summed;
use scratch::Scratch;
use staging::Staging;

/// Backups, where they are kept, and where they are made.
#[derive(Debug, Clone)]
pub struct Backups {
    place: Place,
    staging: Staging,
    recipient: Option<Recipient>,
}

/// One backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its name, where it is kept.
    pub name: String,
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
    /// Those in this place. New ones are made in the folder `staging`, which is the place itself where that is a folder,
    /// and sealed for the recipient, if there is one.
    pub fn new(place: Place, staging: PathBuf, recipient: Option<Recipient>) -> Self {
        let staging = match &place {
            Place::Folder(folder) => folder.clone(),
            Place::Bucket(_) => staging,
        };
        Self {
            place,
            staging: Staging::new(staging),
            recipient,
        }
    }

    /// All of them, the newest first; what is being made is not among them. Fails where a note is there and can't be
    /// read now: its backup would seem to have been proved by nobody, and be thinned out.
    pub fn list(&self) -> Result<Vec<Backup>, BackupError> {
        let mut backups = Vec::new();
        for found in self.place.list()? {
            let Some(name) = Name::parse(&found.name) else {
                continue;
            };
            backups.push(Backup {
                made_at: name.made_at,
                size: found.size,
                is_sealed: name.is_sealed,
                note: self.note(&found.name)?,
                name: found.name,
            });
        }
        backups.sort_by_key(|backup| Reverse(backup.made_at));
        Ok(backups)
    }

    /// The note beside a backup. One that makes no sense is none: the backup is then to be proved again.
    fn note(&self, name: &str) -> Result<Option<Note>, BackupError> {
        let text = self.place.read(&note::name(name))?;
        Ok(text.and_then(|text| Note::parse(&text)))
    }

    /// Makes one and proves it. Nothing is left of it if that fails.
    pub fn create(
        &self,
        contents: &Contents<'_>,
        at: Timestamp,
        progress: Stages<'_>,
    ) -> Result<Backup, BackupError> {
        let _held = self.staging.hold()?;
        let _turn = contents.records.turn()?;
        let name = self.free_name(at)?;
        let is_sealed = false;
        let plain = self.staging.part(&Name { is_sealed, ..name }.to_string())?;
        let output = Summed::new(plain.writer()?);
        let writing = &mut |done, all| progress(Stage::Writing, done, all);
        let archived = archive::create(output, contents, writing);
        let (output, manifest) =
            archived.map_err(|error| BackupError::of_output(&plain.path, error))?;
        let mut written = plain.settle(output)?;
        let restored = self.prove(&plain.path, &manifest, progress)?;
        let part = match &self.recipient {
            None => plain,
            Some(recipient) => {
                let sealed = self.staging.part(&name.to_string())?;
                let output = Summed::new(sealed.writer()?);
                written = sealed.settle(recipient.seal(&plain.path, output)?)?;
                sealed
            }
        };
        let from = (part.path.as_path(), &written);
        self.place.keep(from, &name.to_string(), progress)?;
        let note = Note::new(&restored, written, at);
        self.place
            .write(&note::name(&name.to_string()), &note.text())?;
        Ok(Backup {
            name: name.to_string(),
            made_at: name.made_at,
            size: note.size,
            is_sealed: name.is_sealed,
            note: Some(note),
        })
    }

    /// The first second from then on that no backup is called by: one never takes the place of another.
    fn free_name(&self, at: Timestamp) -> Result<Name, BackupError> {
        let taken: HashSet<_> = self
            .place
            .list()?
            .into_iter()
            .map(|found| found.name)
            .collect();
        let mut name = Name::new(at, self.recipient.is_some());
        while taken.contains(&name.to_string()) {
            name.made_at = name.made_at.after(Duration::from_secs(1));
        }
        Ok(name)
    }

    /// Restores a backup into a scratch place, and notes that it is whole.
    pub fn verify(
        &self,
        name: &str,
        identity: Option<&Identity>,
        at: Timestamp,
        progress: Stages<'_>,
    ) -> Result<Note, BackupError> {
        let _held = self.staging.hold()?;
        let scratch = Scratch::new(self.staging.path())?;
        let path = self.fetch(name, scratch.path(), progress)?;
        let sums = note::sum(&path)?;
        let restored = restore(&path, &scratch.path().join("new"), identity, progress)?;
        let note = Note::new(&restored, sums, at);
        self.place.write(&note::name(name), &note.text())?;
        Ok(note)
    }

    /// The backup as a file of this machine: where it is kept, or a copy in `scratch`. It is the one that was proved, if
    /// ever one was.
    pub fn fetch(
        &self,
        name: &str,
        scratch: &Path,
        progress: Stages<'_>,
    ) -> Result<PathBuf, BackupError> {
        let path = self.place.fetch(name, scratch, progress)?;
        let known = self.note(name)?.map(|note| (note.size, note.sha256));
        match known {
            Some(known) if known != note::sum(&path)? => {
                Err(BackupError::NotTheSame(name.to_owned()))
            }
            _ => Ok(path),
        }
    }

    /// Removes what need not be kept; answers what was removed.
    pub fn thin_out(&self, keep: &Keep) -> Result<Vec<Backup>, BackupError> {
        let removed = keep.too_many(self.list()?);
        for backup in &removed {
            self.place.remove(&backup.name)?;
            self.place.remove(&note::name(&backup.name))?;
        }
        Ok(removed)
    }

    fn prove(
        &self,
        path: &Path,
        manifest: &Manifest,
        progress: Stages<'_>,
    ) -> Result<Restored, BackupError> {
        let scratch = Scratch::new(self.staging.path())?;
        let restored = restore(path, &scratch.path().join("new"), None, progress)?;
        if restored.manifest == *manifest {
            Ok(restored)
        } else {
            Err(BackupError::ReadBack(path.to_owned()))
        }
    }
}
