//! The data directory: made private, locked against a second server.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::cli::RoleName;

/// What lives no longer than the process lies in it.
pub(crate) const RUN: &str = "run";

/// Why the data directory can't be used, and what to do.
#[derive(Debug, Error)]
pub(crate) enum DataDirError {
    /// It can't be made or written.
    #[error(
        "can't write to the data directory {0}: {1}: make it writable for the user who starts pendopo, or name another one with `--data`"
    )]
    Unwritable(PathBuf, #[source] io::Error),
    /// A server runs there.
    #[error(
        "another pendopo (process {1}) serves from {0}: stop it, or name another data directory with `--data`"
    )]
    InUse(PathBuf, String),
}

/// The directory, ours as long as this lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    locks: Vec<(RoleName, File)>,
}

impl DataDir {
    /// Makes the directory if it is not there, for its owner alone, and takes the lock of each role.
    pub(crate) fn open(path: &Path, roles: &[RoleName]) -> Result<Self, DataDirError> {
        let unwritable = |error| DataDirError::Unwritable(path.to_owned(), error);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(unwritable)?;
        let locks = roles
            .iter()
            .map(|role| Ok((*role, lock(path, *role)?)))
            .collect::<Result<_, DataDirError>>()?;
        Ok(Self {
            path: path.to_owned(),
            locks,
        })
    }

    /// Goes on with the locks of another process, which may hold them for a while yet.
    pub(crate) fn inherit(path: &Path, locks: Vec<(RoleName, File)>) -> Self {
        for (_, lock) in &locks {
            note_holder(lock);
        }
        Self {
            path: path.to_owned(),
            locks,
        }
    }

    /// A second handle on each lock: it is held until all handles are closed.
    pub(crate) fn locks(&self) -> io::Result<Vec<(RoleName, File)>> {
        let locks = self.locks.iter();
        locks
            .map(|(role, lock)| Ok((*role, lock.try_clone()?)))
            .collect()
    }

    /// The file that holds the server's own token.
    pub(crate) fn admin_token(&self) -> PathBuf {
        admin_token(&self.path)
    }
}

/// The file in `data` that holds the server's own token.
pub(crate) fn admin_token(data: &Path) -> PathBuf {
    data.join("admin-token")
}

/// The processes that serve from this directory, or did so last.
pub(crate) fn holders(data: &Path) -> Vec<String> {
    let locks = RoleName::ALL.map(|role| data.join(lock_name(role)));
    let number = |lock: &PathBuf| std::fs::read_to_string(lock).ok();
    let mut numbers: Vec<String> = locks
        .iter()
        .filter_map(number)
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    numbers.dedup();
    numbers
}

fn lock_name(role: RoleName) -> String {
    format!("{}.lock", role.as_str())
}

fn lock(path: &Path, role: RoleName) -> Result<File, DataDirError> {
    let unwritable = |error| DataDirError::Unwritable(path.to_owned(), error);
    let name = path.join(lock_name(role));
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(name)
        .map_err(unwritable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(DataDirError::InUse(path.to_owned(), holder(&mut file)));
        }
        Err(TryLockError::Error(error)) => return Err(unwritable(error)),
    }
    note_holder(&file);
    Ok(file)
}

/// The number only helps whoever finds the directory in use; without it the lock holds as well.
fn note_holder(file: &File) {
    let text = format!("{}\n", std::process::id());
    let _ = file
        .set_len(0)
        .and_then(|()| file.write_all_at(text.as_bytes(), 0));
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_directory_is_private_and_held_by_one_server() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("deep/data");
        let first = DataDir::open(&path, &[RoleName::Edge, RoleName::Web]).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let error = DataDir::open(&path, &[RoleName::Web])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        DataDir::open(&path, &[RoleName::Web]).unwrap();
    }
}
