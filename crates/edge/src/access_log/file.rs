//! The log's file: appended to, followed when somebody moves it, begun anew by size and age.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Company, InForce, archive};

const NAME: &str = "access.log";

/// How often the name is looked up, to notice that the file was moved or removed.
const LOOK_UP: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct LogFile {
    directory: PathBuf,
    config: InForce,
    open: Open,
    looked_up: Instant,
    company: Company,
    archiver: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: (u64, u64),
    length: u64,
    since: Timestamp,
}

impl LogFile {
    /// Opens the file, and puts the files that an earlier run left behind into the archive.
    pub(super) fn open(directory: &Path, config: InForce, company: Company) -> io::Result<Self> {
        let open = Open::at(&directory.join(NAME), &company)?;
        let mut file = Self {
            directory: directory.to_owned(),
            config,
            open,
            looked_up: Instant::now(),
            company,
            archiver: None,
        };
        if !file.company.is_there() {
            file.archive()?;
        }
        Ok(file)
    }

    pub(super) fn path(&self) -> PathBuf {
        self.directory.join(NAME)
    }

    /// Appends some of `bytes` and says how many. A new file is begun first if it is time, so that a caller who
    /// passes whole lines never has one cut by the change.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.open.file.write(bytes)?;
        self.open.length += written as u64;
        Ok(written)
    }

    /// Between two lines: begins a new file when this one is gone, full or old. True when it did.
    pub(super) fn turn(&mut self, now: Timestamp) -> io::Result<bool> {
        if self.looked_up.elapsed() >= LOOK_UP {
            self.looked_up = Instant::now();
            if !self.open.is_at(&self.path()) {
                self.open = Open::at(&self.path(), &self.company)?;
                return Ok(true);
            }
        }
        let config = self.config.load();
        let is_old = now.duration_since(self.open.since).unsigned_abs() >= config.age.duration();
        if self.company.is_there() {
            return Ok(false);
        }
        if self.open.length == 0 || self.open.length < config.size.get() && !is_old {
            return Ok(false);
        }
        drop(config);
        self.rotate(now)?;
        Ok(true)
    }

    fn rotate(&mut self, now: Timestamp) -> io::Result<()> {
        let stamp = now.strftime("%Y%m%dT%H%M%S%6fZ");
        fs::rename(
            self.path(),
            self.directory.join(format!("access-{stamp}.log")),
        )?;
        // Not forced to disk here: that may take longer than the queues have room. The archive is, before the file goes.
        self.open = Open::at(&self.path(), &self.company)?;
        self.archive()
    }

    /// Compresses finished files beside the writing. One that is still at it takes the new file at the next turn.
    fn archive(&mut self) -> io::Result<()> {
        if self
            .archiver
            .as_ref()
            .is_some_and(|archiver| !archiver.is_finished())
        {
            return Ok(());
        }
        let (directory, keep) = (self.directory.clone(), self.config.load().keep);
        let work = move || {
            if let Err(error) = archive::tidy(&directory, keep) {
                tracing::warn!(%error, "finished access logs could not be compressed; they are tried again at the next change of file");
            }
        };
        self.archiver = Some(
            Builder::new()
                .name("edge-log-archive".to_owned())
                .spawn(work)?,
        );
        Ok(())
    }

    /// Forces what was written to disk, and waits for the archive.
    pub(super) fn close(self) -> io::Result<()> {
        if let Some(archiver) = self.archiver {
            // It tells its own failures; a panic in it harms nothing but the compression.
            let _ = archiver.join();
        }
        self.open.file.sync_data()
    }
}

impl Open {
    fn at(path: &Path, company: &Company) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o640)
            .open(path)?;
        let metadata = file.metadata()?;
        let mut length = metadata.len();
        // What somebody else writes at this moment may look torn.
        if !company.is_there() && is_torn(&mut file, length)? {
            // A run that was killed left half a line: end it, so that ours begins on its own.
            file.write_all(b"\n")?;
            length += 1;
        }
        let created = metadata
            .created()
            .ok()
            .and_then(|time| Timestamp::try_from(time).ok());
        let since = created.unwrap_or_else(Timestamp::now);
        Ok(Self {
            file,
            identity: (metadata.dev(), metadata.ino()),
            length,
            since,
        })
    }

    fn is_at(&self, path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.identity)
    }
}

fn is_torn(file: &mut File, length: u64) -> io::Result<bool> {
    if length == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
