//! Why a store can't be opened.

use std::io;
use std::path::PathBuf;

/// What stands in the way, and what to do.
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
