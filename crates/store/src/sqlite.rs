//! SQLite in one file: one writer thread that commits in groups, reads on the thread that asks, long ones on a thread of their own.
//!
//! # Millions of people for a benchmark
//!
//! Through SQL, into a store that was opened once and closed:
//!
//! ```sql
//! WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000)
//! INSERT INTO person (first_name, last_name, email, email_key, search_key, role, is_disabled,
//!   must_change_password, created_at, updated_at, version)
//! SELECT 'Murid', 'Nomor ' || i, i || '@sekolah.example', i || '@sekolah.example',
//!   'murid nomor ' || i || char(10) || i || '@sekolah.example', 'member', 0, 0, i, i, 1 FROM n;
//! UPDATE counter SET value = (SELECT COUNT(*) FROM person) WHERE name = 'person';
//! ```

mod connection;
mod failure;
mod filling;
mod group;
mod prepared;
mod queue;
mod reader;
mod scanner;
mod snapshot;
mod start;
mod upgrade;
mod write_lock;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use school::{Clock, Inserted, StoreError};

use crate::engine::{Engine, Query, Turn};
use crate::open_error::OpenError;
use crate::opened::Opened;
use crate::status::Status;
use crate::unit::{Expect, Unit};
use crate::value::{Row, values};
pub(crate) use filling::Filling;
pub(crate) use snapshot::Snapshot;
pub(crate) use write_lock::WriteLock;

use reader::Reader;
use scanner::Scanner;
use writer::Writer;

/// The engine answers a check within this time, or is taken to be away.
const CHECK_WITHIN: Duration = Duration::from_secs(1);
const CHECK_READ: &str = "SELECT value FROM counter WHERE name = 'check'";
const CHECK_WRITE: &str = "UPDATE counter SET value = value + 1 WHERE name = 'check'";

/// How a store is opened; the defaults suit a server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the copy goes that is made before an upgrade; `backups` beside the database if absent.
    pub backups: Option<PathBuf>,
    /// Tells when migrations were applied.
    pub clock: Clock,
    /// How many writes may wait; more are refused.
    pub queue: usize,
    /// How long a write waits for a place in the queue before it is refused.
    pub queue_wait: Duration,
    /// How long a search may take, waiting included.
    pub search_within: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            backups: None,
            clock: Clock::System,
            queue: 4096,
            queue_wait: Duration::from_millis(500),
            search_within: Duration::from_secs(3),
        }
    }
}

/// Opens the database, made or upgraded if need be. Blocks; several processes may do it at once.
pub fn open(path: &Path, options: &Options) -> Result<Opened, OpenError> {
    let started = start::start(path, options)?;
    let file = Arc::new(started.file);
    let writer = Writer::start(file.clone(), started.connection, options)?;
    let scanner = Scanner::start(file.clone(), options)?;
    Ok(Opened::over(Sqlite {
        reader: Reader::new(file.clone()),
        file,
        writer,
        scanner,
    }))
}

/// The calling thread has nothing to do for now. A thread that always says so before it waits reads more cheaply: what it
/// reads between two rests shares one look at the database. Costs next to nothing when nothing was read.
pub fn rest() {
    reader::rest();
}

/// One database file, as every connection to it needs it.
#[derive(Debug)]
struct File {
    path: PathBuf,
    schema: i64,
    was_unclean: bool,
    /// Groups that this process has committed, counted before anybody is answered.
    commits: AtomicU64,
}

/// The engine.
#[derive(Debug)]
pub(crate) struct Sqlite {
    file: Arc<File>,
    reader: Reader,
    scanner: Scanner,
    writer: Writer,
}

impl Engine for Sqlite {
    async fn read(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.reader.read(&query)
    }

    async fn scan(&self, query: Query) -> Result<Vec<Row>, StoreError> {
        self.scanner.scan(query).await
    }

    async fn write(&self, unit: Unit) -> Result<Inserted, StoreError> {
        self.writer.write(unit).await
    }

    fn write_later(&self, unit: Unit) {
        self.writer.write_later(unit);
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.reader.read(&Query::new(CHECK_READ, values![]))?;
        // However often the server is asked for its health, the disk is written at most once a second for it.
        if self.writer.has_just_written() {
            return Ok(());
        }
        let unit = Unit::untold().then(CHECK_WRITE, values![], Expect::Any);
        match tokio::time::timeout(CHECK_WITHIN, self.writer.write(unit)).await {
            Ok(written) => written.map(|_| ()),
            Err(_) => Err(StoreError::Unavailable(
                "the database did not answer within a second".into(),
            )),
        }
    }

    fn status(&self) -> Status {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        Status {
            engine: "SQLite",
            version: rusqlite::version().to_owned(),
            database: self.file.path.display().to_string(),
            schema: self.file.schema,
            size: size(&self.file.path),
            log_size: size(&self.file.log_path()),
            room: failure::room(&self.file.path),
            was_unclean: self.file.was_unclean,
            more: Vec::new(),
        }
    }

    async fn turn(&self) -> Result<Turn, StoreError> {
        Ok(Turn::free())
    }

    fn close(&self) {
        self.scanner.close();
        self.writer.close();
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.close();
    }
}

impl File {
    /// SQLite's write-ahead log, beside the database.
    fn log_path(&self) -> PathBuf {
        log_path(&self.path)
    }
}

fn log_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}
