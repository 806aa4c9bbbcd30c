//! Opening files below a folder, and never one outside.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// For how long the folder itself is kept open: one that is replaced, or is a symbolic link that leads elsewhere
/// since, is seen after this time.
const KEPT: Duration = Duration::from_secs(1);

/// A fifo must not be waited for, nor a terminal become ours.
const READING: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);
const PASSING: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
const CONFINED: ResolveFlags = ResolveFlags::BENEATH.union(ResolveFlags::NO_MAGICLINKS);

/// Whether the disk may be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// Fails with `EAGAIN` where the kernel does not have the names in memory.
    None,
    Any,
}

/// How it is made sure that no name leads out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The kernel resolves the whole path and refuses one that leaves the folder (`openat2`, Linux 5.6).
    Kernel,
    /// Name after name, following no symbolic link at all.
    Steps,
}

/// A folder whose files are served.
#[derive(Debug)]
pub(super) struct Root {
    path: PathBuf,
    way: Way,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    directory: Arc<OwnedFd>,
    until: Instant,
}

impl Root {
    /// Fails when there is no such folder.
    pub(super) fn new(path: &Path, now: Instant) -> io::Result<Self> {
        let directory = open(path)?;
        let probe = rustix::fs::openat2(&directory, ".", PASSING, Mode::empty(), CONFINED);
        let way = match probe {
            Ok(_) => Way::Kernel,
            // Old kernels don't know the call, and old container runtimes forbid what they don't know.
            Err(Errno::NOSYS | Errno::PERM) => Way::Steps,
            Err(error) => return Err(error.into()),
        };
        if way == Way::Steps {
            tracing::warn!(
                root = %path.display(),
                "this kernel can't confine a path to a folder: symbolic links in it are not followed"
            );
        }
        let held = Held {
            directory: Arc::new(directory),
            until: now + KEPT,
        };
        Ok(Self {
            path: path.to_owned(),
            way,
            held: Mutex::new(held),
        })
    }

    /// The folder itself, opened anew when that is long ago.
    pub(super) fn directory(&self, now: Instant) -> io::Result<Arc<OwnedFd>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.until < now {
            *held = Held {
                directory: Arc::new(open(&self.path)?),
                until: now + KEPT,
            };
        }
        Ok(Arc::clone(&held.directory))
    }

    /// Opens what has this name below the folder, for reading. `path` is relative and has plain names only.
    pub(super) fn open(
        &self,
        directory: &OwnedFd,
        path: &Path,
        patience: Patience,
    ) -> Result<File, Errno> {
        match self.way {
            Way::Kernel => confined(directory, path, patience),
            Way::Steps => stepwise(directory, path),
        }
        .map(File::from)
    }
}

fn open(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::openat(CWD, path, PASSING, Mode::empty())?)
}

fn confined(directory: &OwnedFd, path: &Path, patience: Patience) -> Result<OwnedFd, Errno> {
    let open = |resolve| rustix::fs::openat2(directory, path, READING, Mode::empty(), resolve);
    if patience == Patience::None {
        return open(CONFINED | ResolveFlags::CACHED).map_err(|error| match error {
            // Linux before 5.12 does not know the flag.
            Errno::INVAL => Errno::AGAIN,
            error => error,
        });
    }
    // While names are being moved the kernel can't tell where `..` in a link leads, and asks for another try.
    (0..8)
        .map(|_| open(CONFINED))
        .find(|outcome| !matches!(outcome, Err(Errno::AGAIN)))
        .unwrap_or(Err(Errno::AGAIN))
}

fn stepwise(directory: &OwnedFd, path: &Path) -> Result<OwnedFd, Errno> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::Normal(name) => names.push(name),
            _ => return Err(Errno::XDEV),
        }
    }
    let Some((file, folders)) = names.split_last() else {
        return Err(Errno::NOENT);
    };
    let mut reached: Option<OwnedFd> = None;
    for folder in folders {
        let from = reached.as_ref().unwrap_or(directory).as_fd();
        let flags = PASSING | OFlags::NOFOLLOW;
        let next = rustix::fs::openat(from, folder.as_bytes(), flags, Mode::empty())?;
        reached = Some(next);
    }
    let from = reached.as_ref().unwrap_or(directory).as_fd();
    rustix::fs::openat(
        from,
        file.as_bytes(),
        READING | OFlags::NOFOLLOW,
        Mode::empty(),
    )
}

#[cfg(test)]
mod tests;
