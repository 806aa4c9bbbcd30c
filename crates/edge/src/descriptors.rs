//! Open files: how many there may be, and what to do when there are no more.

use std::fs::File;
use std::io;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};

/// Left for files, databases and pipes when connections take all they may.
const RESERVED: usize = 256;
const MOST_CONNECTIONS: usize = 10_240;

/// The pause after an accept that failed for want of descriptors, so that the failure is no busy loop.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// Raises the soft limit on open files to the hard one, and says how many connections it leaves room for.
pub(crate) fn connections(wanted: usize) -> io::Result<usize> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit)?;
    }
    let files = limit.current.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    });
    let room = files.saturating_sub(RESERVED).max(files / 2);
    Ok(room.min(if wanted == 0 {
        MOST_CONNECTIONS
    } else {
        wanted
    }))
}

/// Whether an accept failed because the process or the system has no more descriptors.
pub(crate) fn are_exhausted(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE]
        .map(|errno| Some(errno.raw_os_error()))
        .contains(&code)
}

/// A descriptor held back, so that at the limit a waiting connection can still be taken and closed:
/// its client learns at once that it is not served, instead of hanging in the backlog.
#[derive(Debug)]
pub(crate) struct Spare {
    held: Option<File>,
}

impl Spare {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            held: Some(File::open("/dev/null")?),
        })
    }

    /// Gives the descriptor up for one accept.
    pub(crate) fn give(&mut self) {
        self.held = None;
    }

    /// Takes one again, if there is one by now.
    pub(crate) fn take(&mut self) {
        if self.held.is_none() {
            self.held = File::open("/dev/null").ok();
        }
    }
}
