//! An opened store: the ports it serves, what it says of itself, and how it ends.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use school::outbox::Outbox;
use school::{StoreError, Stores};
use traffic::BanStore;

use crate::engine::{Engine, Sql};
use crate::postgres::{Held, Postgres};
use crate::sqlite::Sqlite;

/// An opened store; cheap to clone. When the last clone and the last of its ports are gone, it is closed.
#[derive(Clone)]
pub struct Opened {
    /// Every port.
    pub stores: Stores,
    /// What other stores are to be given.
    pub outbox: Arc<dyn Outbox>,
    /// Bans.
    pub bans: Arc<dyn BanStore>,
    running: Running,
}

/// The engine behind the ports.
#[derive(Clone)]
enum Running {
    Sqlite(Arc<Sql<Sqlite>>),
    Postgres(Arc<Sql<Postgres>>),
}

/// As long as this lives, nobody else has a turn on the same database.
pub struct Turn {
    _held: Option<Held>,
}

/// What a store says of itself, for the status page and `pendopo doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The engine's name.
    pub engine: &'static str,
    /// The engine's version.
    pub version: String,
    /// The database's file, or its address.
    pub database: String,
    /// The number of the last migration.
    pub schema: i64,
    /// The size of the database, in bytes.
    pub size: u64,
    /// The size of the log of writes that are durable but not in that file yet, in bytes.
    pub log_size: u64,
    /// The room left on the disk, in bytes; unknown where it is a server's.
    pub room: Option<u64>,
    /// Whether the process before ended without closing the database.
    pub was_unclean: bool,
    /// What only this engine has to say, by name.
    pub more: Vec<(&'static str, String)>,
}

impl Opened {
    pub(crate) fn sqlite(engine: Sqlite) -> Self {
        let sql = Sql::over(engine);
        Self {
            stores: stores(&sql),
            outbox: sql.clone(),
            bans: sql.clone(),
            running: Running::Sqlite(sql),
        }
    }

    pub(crate) fn postgres(engine: Postgres) -> Self {
        let sql = Sql::over(engine);
        Self {
            stores: stores(&sql),
            outbox: sql.clone(),
            bans: sql.clone(),
            running: Running::Postgres(sql),
        }
    }

    /// What the store says of itself now.
    pub fn status(&self) -> Status {
        match &self.running {
            Running::Sqlite(sql) => sql.engine.status(),
            Running::Postgres(sql) => sql.engine.status(),
        }
    }

    /// Waits until nobody else prepares the same database: a file has one server anyhow, a server may have many.
    pub async fn turn(&self) -> Result<Turn, StoreError> {
        let held = match &self.running {
            Running::Sqlite(_) => None,
            Running::Postgres(sql) => Some(sql.engine.hold().await?),
        };
        Ok(Turn { _held: held })
    }

    /// Does every write that is queued, and refuses new ones; SQLite leaves one file without a log. Blocks until then.
    pub fn close(&self) {
        match &self.running {
            Running::Sqlite(sql) => sql.engine.close(),
            Running::Postgres(sql) => sql.engine.close(),
        }
    }
}

fn stores<E: Engine>(sql: &Arc<Sql<E>>) -> Stores {
    Stores {
        people: sql.clone(),
        tokens: sql.clone(),
        sessions: sql.clone(),
        messages: sql.clone(),
        audit: sql.clone(),
        settings: sql.clone(),
        health: sql.clone(),
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
    #[error("`{0}` holds another program's tables; name another database")]
    Foreign(String),
    #[error(
        "`{database}` has schema {found}, and this version knows none above {known}; run the newer version, or restore the copy made before the upgrade"
    )]
    Newer {
        database: String,
        found: i64,
        known: i64,
    },
    #[error(
        "`{database}` was made by another build: its migration {id} differs from this one's; run the version that made it"
    )]
    Changed { database: String, id: i64 },
    #[error("`{database}` can't be used now: {cause}")]
    Away { database: String, cause: String },
    #[error(
        "no tables may be made in `{database}` ({cause}); make the role the database's owner, or `GRANT CREATE, USAGE ON SCHEMA public` to it"
    )]
    NotAllowed { database: String, cause: String },
    #[error(
        "`{database}` keeps texts as {found}, which can't hold every name; make it with `ENCODING 'UTF8'`"
    )]
    Encoding { database: String, found: String },
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
