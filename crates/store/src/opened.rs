//! An opened store: the ports it serves, what it says of itself, and how it ends.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use school::Stores;

use crate::engine::Sql;
use crate::recent::Recent;
use crate::sqlite::Sqlite;

/// An opened store; cheap to clone. When the last clone and the last of its ports are gone, it is closed.
#[derive(Clone)]
pub struct Opened {
    /// Every port.
    pub stores: Stores,
    sql: Arc<Sql<Sqlite>>,
}

/// What a store says of itself, for the status page and `pendopo doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The engine's name.
    pub engine: &'static str,
    /// The engine's version.
    pub version: &'static str,
    /// The database's file.
    pub path: PathBuf,
    /// The number of the last migration.
    pub schema: i64,
    /// The size of the database's file, in bytes.
    pub size: u64,
    /// The size of the log of writes that are durable but not in that file yet, in bytes.
    pub log_size: u64,
    /// The room left on the disk, in bytes.
    pub room: u64,
    /// Whether the process before ended without closing the database.
    pub was_unclean: bool,
}

impl Opened {
    pub(crate) fn new(engine: Sqlite) -> Self {
        let sql = Arc::new(Sql {
            engine,
            recent: Recent::default(),
        });
        let stores = Stores {
            people: sql.clone(),
            tokens: sql.clone(),
            sessions: sql.clone(),
            messages: sql.clone(),
            audit: sql.clone(),
            settings: sql.clone(),
            health: sql.clone(),
        };
        Self { stores, sql }
    }

    /// What the store says of itself now.
    pub fn status(&self) -> Status {
        self.sql.engine.status()
    }

    /// Does every write that is queued, refuses new ones, and leaves one file without a log. Blocks until then.
    pub fn close(&self) {
        self.sql.engine.close();
    }
}

/// Why a store can't be opened, and what to do.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum OpenError {
    #[error("`{}` can't be made: the directory does not exist; create it, or name another place", .0.display())]
    NoDirectory(PathBuf),
    #[error("`{}` is a directory; name a file for the database", .0.display())]
    IsDirectory(PathBuf),
    #[error("`{}` can't be written ({cause}); give the server's user the right to write the file and its directory", path.display())]
    NotWritable { path: PathBuf, cause: io::Error },
    #[error("`{}` is no SQLite database; move it away, or name another file", .0.display())]
    NotADatabase(PathBuf),
    #[error("`{}` is another program's database; name another file", .0.display())]
    Foreign(PathBuf),
    #[error("`{}` has schema {found}, and this version knows none above {known}; run the newer version, or restore the copy made before the upgrade", path.display())]
    Newer {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    #[error("`{}` was made by another build: its migration {id} differs from this one's; run the version that made it", path.display())]
    Changed { path: PathBuf, id: i64 },
    #[error("`{}` is damaged ({what}); keep the file for rescue, and restore a backup", path.display())]
    Damaged { path: PathBuf, what: String },
    #[error("the disk of `{}` has no write-ahead log for SQLite, as network disks do not; put the database on a local disk", .0.display())]
    NoLog(PathBuf),
    #[error("`{}` is held by another process; stop that one, or wait until it is done", .0.display())]
    Held(PathBuf),
    #[error("there is no room on the disk for `{}`; make room", .0.display())]
    Full(PathBuf),
    #[error("no copy could be made in `{}` before the upgrade ({cause}); nothing was changed; make room there, or name another directory for backups", directory.display())]
    NoBackup { directory: PathBuf, cause: String },
    #[error("a thread could not be started: {0}")]
    Thread(#[source] io::Error),
    #[error("`{}` can't be opened: {cause}", path.display())]
    Other {
        path: PathBuf,
        cause: rusqlite::Error,
    },
}
