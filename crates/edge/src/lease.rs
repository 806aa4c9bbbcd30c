//! A lease: among all edges that share a directory, at most one works at a time, and one that dies is succeeded.
//!
//! It is the file `NAME-N.json` with the highest number N. It is taken by making the file with the next number, which
//! fails for all but the first, and renewed by replacing the file: exclusive making and renaming are all that the file
//! system must know. The number rises with each holder, so that one that slept can tell that it was succeeded.
//! No two clocks are compared: each edge measures by its own how long a lease has not been renewed.

use std::cell::{Cell, RefCell};
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::files;
use crate::random;

/// A lease that may be taken.
#[derive(Debug)]
pub(crate) struct Lease {
    place: Place,
    /// Who takes it; the same from one start to the next, so that nobody waits for the end of their own lease.
    holder: String,
    lasts: Duration,
    /// What was seen of the present holder last.
    watched: Option<Watched>,
}

#[derive(Debug, Clone)]
struct Place {
    directory: PathBuf,
    name: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
struct Watched {
    number: u64,
    content: Vec<u8>,
    since: Instant,
}

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Claim {
    holder: String,
    /// For people: where the holder runs.
    machine: String,
    /// How often it was renewed.
    renewals: u64,
    /// For so long after each renewal nobody else takes it.
    lasts_ms: u64,
    is_over: bool,
}

/// A lease that is held until this goes away.
#[derive(Debug)]
pub(crate) struct Held {
    place: Place,
    number: u64,
    lasts: Duration,
    claim: RefCell<Claim>,
    renewed: Cell<Instant>,
}

/// Who this edge is; the file is made at the first start. The data directory is used by one server at a time.
pub fn holder(data: &Path) -> io::Result<String> {
    let path = data.join("edge.id");
    if let Some(known) = files::read(&path)?
        && let Ok(known) = String::from_utf8(known)
        && !known.is_empty()
    {
        return Ok(known);
    }
    let fresh = random::token().map_err(io::Error::other)?;
    files::replace(&path, fresh.as_bytes(), 0o600)?;
    Ok(fresh)
}

impl Lease {
    /// In a directory that is there; the name is that of what is done under it.
    pub(crate) fn new(
        directory: PathBuf,
        name: &'static str,
        holder: String,
        lasts: Duration,
    ) -> Self {
        Self {
            place: Place { directory, name },
            holder,
            lasts,
            watched: None,
        }
    }

    /// From the next time that it is taken, it lasts so long.
    pub(crate) fn lasts(&mut self, lasts: Duration) {
        self.lasts = lasts;
    }

    /// Takes it, if nobody has it or who had it is silent for too long; to be called again and again.
    pub(crate) fn take(&mut self, now: Instant) -> io::Result<Option<Held>> {
        let newest = self.place.newest()?;
        if let Some(number) = newest
            && !self.is_over(number, now)?
        {
            return Ok(None);
        }
        let number = newest.map_or(1, |number| number + 1);
        let claim = Claim {
            holder: self.holder.clone(),
            machine: machine(),
            renewals: 0,
            lasts_ms: u64::try_from(self.lasts.as_millis()).unwrap_or(u64::MAX),
            is_over: false,
        };
        if !self.place.make(number, &claim)? {
            return Ok(None);
        }
        let held = Held {
            place: self.place.clone(),
            number,
            lasts: self.lasts,
            claim: RefCell::new(claim),
            renewed: Cell::new(now),
        };
        // What was seen as the newest may have been succeeded, and taken away, before ours was made.
        if held.check().is_err() {
            return Ok(None);
        }
        self.place.clean_below(number);
        Ok(Some(held))
    }

    fn is_over(&mut self, number: u64, now: Instant) -> io::Result<bool> {
        let Some(content) = files::read(&self.place.path(number))? else {
            return Ok(false);
        };
        // One that can't be read is judged by its silence alone.
        let claim = serde_json::from_slice::<Claim>(&content).ok();
        if let Some(claim) = &claim
            && (claim.is_over || claim.holder == self.holder)
        {
            return Ok(true);
        }
        let lasts = claim.map_or(0, |claim| claim.lasts_ms);
        let lasts = Duration::from_millis(lasts).max(self.lasts);
        match &self.watched {
            Some(seen) if seen.number == number && seen.content == content => {
                Ok(now.saturating_duration_since(seen.since) > lasts)
            }
            _ => {
                self.watched = Some(Watched {
                    number,
                    content,
                    since: now,
                });
                Ok(false)
            }
        }
    }
}

impl Held {
    /// Fails when the lease may be another's by now: before anything is written that only the holder may write.
    pub(crate) fn check(&self) -> io::Result<()> {
        // Others wait for the whole time, and began to count later than this.
        if self.renewed.get().elapsed() > self.lasts * 3 / 4 {
            return Err(io::Error::other("the lease could not be renewed in time"));
        }
        if self.place.newest()? != Some(self.number) {
            return Err(io::Error::other("another edge has taken over"));
        }
        Ok(())
    }

    /// Renews it again and again; ends when it is lost.
    pub(crate) async fn lose(&self) -> io::Error {
        loop {
            tokio::time::sleep(self.lasts / 4).await;
            // A file system that stumbles once is no loss; one that is away too long fails the check.
            if let Err(error) = self.renew().or_else(|_| self.check()) {
                return error;
            }
        }
    }

    fn renew(&self) -> io::Result<()> {
        self.check()?;
        let now = Instant::now();
        self.claim.borrow_mut().renewals += 1;
        self.write()?;
        self.renewed.set(now);
        Ok(())
    }

    fn write(&self) -> io::Result<()> {
        let content = serde_json::to_vec_pretty(&*self.claim.borrow())?;
        files::replace(&self.place.path(self.number), &content, 0o600)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.claim.borrow_mut().is_over = true;
        // A release that can't be written is noticed by the silence.
        let _ = self.check().and_then(|()| self.write());
    }
}

impl Place {
    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{}-{number}.json", self.name))
    }

    /// The number in a file's name, if it is one of this lease.
    fn number(&self, name: &str) -> Option<u64> {
        let rest = name.strip_prefix(self.name)?.strip_prefix('-')?;
        rest.split_once('.')?.0.parse().ok()
    }

    fn newest(&self) -> io::Result<Option<u64>> {
        let mut newest = None;
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            newest = newest.max(name.to_str().and_then(|name| self.number(name)));
        }
        Ok(newest)
    }

    /// True for the one that made the file.
    fn make(&self, number: u64, claim: &Claim) -> io::Result<bool> {
        let mut options = OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        let mut file = match options.open(self.path(number)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
            file => file?,
        };
        file.write_all(&serde_json::to_vec_pretty(claim)?)?;
        file.sync_all()?;
        Ok(true)
    }

    /// Takes away what earlier holders left. The last one's stays: whoever still looks at it must not take its
    /// successor's number for free.
    fn clean_below(&self, number: u64) {
        for entry in fs::read_dir(&self.directory)
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name();
            let old = name.to_str().and_then(|name| self.number(name));
            if old.is_some_and(|old| old + 1 < number) {
                // The next holder tries it again.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn machine() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests;
