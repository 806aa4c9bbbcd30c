//! From a path to a database that is ours, sound and of this schema; or why not, in words.

use std::fs::{File as Handle, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::ffi::ErrorCode;
use tracing::info;

use super::failure::open_error;
use super::{File, Options, connection, log_path, upgrade};
use crate::migrations;
use crate::open_error::OpenError;

const HEADER: &[u8; 16] = b"SQLite format 3\0";
/// After a crash a file up to this size is looked through before it is used, in about 50 ms. SQLite's log makes a crash harmless
/// in itself; larger files are left to backups, each of which is verified.
const CHECKED_AT_MOST: u64 = 16 << 20;
/// Processes that start together wait for each other while the first turns the log on.
const START_WITHIN: Duration = Duration::from_secs(5);

pub(super) struct Started {
    pub(super) file: File,
    pub(super) connection: Connection,
}

pub(super) fn start(path: &Path, options: &Options) -> Result<Started, OpenError> {
    let log_size = std::fs::metadata(log_path(path)).map_or(0, |log| log.len());
    let size = check_header(path, create(path)?)?;
    let mut connection = connection::writer(path).map_err(|error| open_error(path, error))?;
    turn_log_on(path, &connection)?;
    let was_unclean = log_size > 0;
    if was_unclean && size <= CHECKED_AT_MOST {
        info!(path = %path.display(), "the database was not closed, or is in use: looking through it");
        check(path, &connection)?;
    }
    let schema = upgrade::upgrade(&mut connection, path, options, migrations::ALL)?;
    forget_statistics(&connection).map_err(|error| open_error(path, error))?;
    Ok(Started {
        file: File {
            path: path.to_owned(),
            schema,
            was_unclean,
            commits: AtomicU64::default(),
        },
        connection,
    })
}

/// Somebody's `ANALYZE` of a small table would make lists sort the whole of it once it has grown.
fn forget_statistics(connection: &Connection) -> rusqlite::Result<()> {
    let drop =
        "SELECT 'DROP TABLE ' || name || ';' FROM sqlite_schema WHERE name GLOB 'sqlite_stat[0-9]'";
    let mut statement = connection.prepare(drop)?;
    let drops: Vec<String> = statement
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    drops
        .iter()
        .try_for_each(|drop| connection.execute_batch(drop))
}

/// The file, for its owner alone if it is new.
pub(super) fn create(path: &Path) -> Result<Handle, OpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options.open(path).map_err(|cause| match cause.kind() {
        ErrorKind::IsADirectory => OpenError::IsDirectory(path.to_owned()),
        ErrorKind::NotFound | ErrorKind::NotADirectory => OpenError::NoDirectory(path.to_owned()),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full(path.to_owned()),
        _ => OpenError::NotWritable {
            path: path.to_owned(),
            cause,
        },
    })
}

/// A file with something else in it is never touched. Answers its size.
fn check_header(path: &Path, handle: Handle) -> Result<u64, OpenError> {
    let mut header = Vec::new();
    let read = handle.take(16).read_to_end(&mut header);
    read.map_err(|cause| OpenError::NotWritable {
        path: path.to_owned(),
        cause,
    })?;
    if header.is_empty() || header == HEADER {
        Ok(std::fs::metadata(path).map_or(0, |file| file.len()))
    } else {
        Err(OpenError::NotADatabase(path.to_owned()))
    }
}

fn turn_log_on(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let until = Instant::now() + START_WITHIN;
    loop {
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| {
            row.get::<_, String>(0)
        });
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(OpenError::NoLog(path.to_owned())),
            Err(error) if is_busy(&error) && Instant::now() < until => {
                sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(open_error(path, error)),
        }
    }
}

fn check(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match found {
        Ok(word) if word == "ok" => Ok(()),
        Ok(what) => Err(OpenError::Damaged {
            path: path.to_owned(),
            what,
        }),
        Err(error) => Err(open_error(path, error)),
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}
