//! A database server, and directories in which servers of ours run.

use std::path::Path;

use tempfile::TempDir;
use testkit::postgres;

use crate::server::{Server, Starting, get};

/// A database server, and one directory.
pub(super) struct House {
    pub(super) database: postgres::Server,
    directory: TempDir,
}

impl House {
    pub(super) fn of(database: postgres::Server) -> Self {
        let directory = TempDir::new().expect("a directory");
        Self {
            database,
            directory,
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The words that lead to the database.
    pub(super) fn leading(&self) -> String {
        format!("store.records={}", self.database.url())
    }

    pub(super) fn start(&self) -> Server {
        self.starting().ready()
    }

    /// Waits until the database works at a statement like this one.
    pub(super) fn await_activity(&self, what: &str) {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '{what}'"
        );
        testkit::eventually(what, || self.database.sql(&sql) != "0");
    }

    pub(super) fn starting(&self) -> Starting {
        Starting::start(self.path(), &["--set", &self.leading()])
    }
}

impl Default for House {
    fn default() -> Self {
        Self::of(postgres::Server::default())
    }
}

impl Server {
    /// Waits until it serves what needs the database.
    pub(super) fn until_healthy(&self) {
        let begun = std::time::Instant::now();
        while self.http().exchange(get("/users", &self.token())).status != 200 {
            assert!(begun.elapsed().as_secs() < 40, "{}", self.log());
        }
    }
}
