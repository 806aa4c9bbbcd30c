//! A directory of one test's own, with a database in it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use store::sqlite::{Options, open};
use store::{OpenError, Opened};
use tempfile::TempDir;

/// The directory; removed when it is dropped.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory().join("pendopo.db")
    }

    /// SQLite's write-ahead log.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.directory().join("pendopo.db-wal")
    }

    pub(crate) fn open(&self) -> Opened {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<Opened, OpenError> {
        open(&self.path(), &Options::default())
    }

    pub(crate) fn open_with(&self, options: &Options) -> Opened {
        open(&self.path(), options).unwrap()
    }

    /// The file as another program sees it.
    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    pub(crate) fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        self.connect()
            .query_row(&sql, [], |row| row.get(0))
            .unwrap()
    }

    /// SQLite finds nothing wrong in the whole file.
    pub(crate) fn must_be_sound(&self) {
        let connection = self.connect();
        for check in ["PRAGMA integrity_check", "PRAGMA foreign_key_check"] {
            let mut statement = connection.prepare(check).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, String>(0));
            let found: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
            assert!(found.is_empty() || found == ["ok"], "{check}: {found:?}");
        }
    }

    /// Fills a closed store with people, in the way that the documentation of `store::sqlite` shows.
    pub(crate) fn fill(&self, people: u32) {
        let documentation = include_str!("../../src/sqlite.rs");
        let block = documentation.split("```").nth(1).unwrap();
        let lines = block
            .lines()
            .skip(1)
            .map(|line| line.trim_start_matches("//!"));
        let sql: String = lines.collect::<Vec<_>>().join("\n");
        let sql = sql.replace("5000000", &people.to_string());
        self.connect().execute_batch(&sql).unwrap();
    }
}
