//! Where backups are kept: a folder, or a bucket.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::bucket::Bucket;
use super::found::Found;
use super::{BackupError, note};
use crate::archive::Stages;

/// Where backups are kept.
#[derive(Debug, Clone)]
pub enum Place {
    /// A directory of this machine.
    Folder(PathBuf),
    /// A bucket that speaks S3.
    Bucket(Bucket),
}

impl Place {
    /// Every file, whatever it is.
    pub(super) fn list(&self) -> Result<Vec<Found>, BackupError> {
        match self {
            Self::Folder(folder) => list(folder).map_err(|cause| BackupError::file(folder, cause)),
            Self::Bucket(bucket) => bucket.list(),
        }
    }

    /// Takes over a finished file, which is on the disk, under this name. What comes back from there has its size and
    /// digest, or there is an error.
    pub(super) fn keep(
        &self,
        (file, sums): (&Path, &(u64, String)),
        name: &str,
        progress: Stages<'_>,
    ) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let fail = |cause| BackupError::file(&path, cause);
                must_be(file, &note::sum(file)?, sums)?;
                fs::rename(file, &path).map_err(fail)?;
                note::sync_folder(&path).map_err(fail)
            }
            Self::Bucket(bucket) => {
                bucket.put(file, name, progress)?;
                let found = bucket.sum(name, progress);
                let is_good = found.and_then(|found| must_be(Path::new(name), &found, sums));
                // What is no backup shall not be found later and taken for one.
                is_good.inspect_err(|_| drop(bucket.remove(name)))
            }
        }
    }

    /// A small file, whole or not at all.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                replace(&path, content).map_err(|cause| BackupError::file(&path, cause))
            }
            Self::Bucket(bucket) => bucket.write(name, content),
        }
    }

    /// A small file; `None` if there is none.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, BackupError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                match fs::read(&path) {
                    Ok(content) => Ok(Some(content)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(BackupError::file(&path, error)),
                }
            }
            Self::Bucket(bucket) => bucket.read(name),
        }
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        Err(BackupError::file(&path, error))
                    }
                    _ => Ok(()),
                }
            }
            Self::Bucket(bucket) => bucket.remove(name),
        }
    }

    /// The file on this machine's disk: where it is, or a copy in `scratch`.
    pub(super) fn fetch(
        &self,
        name: &str,
        scratch: &Path,
        progress: Stages<'_>,
    ) -> Result<PathBuf, BackupError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let is_there = path.exists();
                is_there
                    .then_some(path)
                    .ok_or_else(|| BackupError::Missing(name.to_owned()))
            }
            Self::Bucket(bucket) => {
                let path = scratch.join("fetched");
                bucket.get(name, &path, progress)?;
                Ok(path)
            }
        }
    }
}

fn must_be(path: &Path, found: &(u64, String), sums: &(u64, String)) -> Result<(), BackupError> {
    if found == sums {
        Ok(())
    } else {
        Err(BackupError::ReadBack(path.to_owned()))
    }
}

fn list(folder: &Path) -> io::Result<Vec<Found>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            let size = entry.metadata()?.len();
            found.push(Found { name, size });
        }
    }
    Ok(found)
}

/// Written beside it, forced to disk, then renamed over it.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file: File = options.open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    note::sync_folder(path)
}
