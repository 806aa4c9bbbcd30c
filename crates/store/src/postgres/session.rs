//! A connection with a runtime of its own, for work on records as a whole that holds a thread for long.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tokio_postgres::Error;

use super::connect::Server;
use super::connection::Connection;
use super::failure::store_error;
use super::{Options, must_be_usable};
use crate::archive::ArchiveError;
use crate::open_error::OpenError;

/// A server that is silent when we leave finds out by itself that we are gone.
const FAREWELL: Duration = Duration::from_secs(1);
/// For every transaction that may last: nothing of it ends by the clock but waits for locks, and a peer that is gone is
/// noticed, so that what it holds is let go.
const LASTING: &str = "SET LOCAL lock_timeout = 10000; SET LOCAL statement_timeout = 0; \
    SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL tcp_keepalives_idle = 10; \
    SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 3";

/// The connection. What was begun on it and not committed is taken back when it is dropped.
pub(super) struct Session {
    connection: Connection,
    runtime: Runtime,
}

impl Session {
    /// Connects to the server in charge. Not for threads that run tasks.
    pub(super) fn open(options: &Options) -> Result<Self, OpenError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(OpenError::Thread)?;
        let server = Arc::new(Server {
            address: options.address.clone(),
            password: options.password(&options.address),
            only_reads: false,
        });
        let database = options.address.to_string();
        let connection = runtime
            .block_on(server.connect())
            .map_err(|cause| OpenError::Away {
                database: database.clone(),
                cause: cause.to_string(),
            })?;
        must_be_usable(&connection.server, &database)?;
        Ok(Self {
            connection,
            runtime,
        })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Waits for the outcome.
    pub(super) fn wait<T>(&self, outcome: impl Future<Output = T>) -> T {
        self.runtime.block_on(outcome)
    }

    /// Waits for what the server says.
    pub(super) fn ask<T>(
        &self,
        asking: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, ArchiveError> {
        self.wait(asking).map_err(|error| failed(&error))
    }

    /// Begins a transaction that may last, of this kind, with these statements.
    pub(super) fn begin(&self, how: &str, first: &str) -> Result<(), ArchiveError> {
        self.execute(&format!("BEGIN {how}; {LASTING}; {first}"))
    }

    /// Runs statements that return nothing of interest.
    pub(super) fn execute(&self, sql: &str) -> Result<(), ArchiveError> {
        self.ask(self.connection.execute(sql))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Whatever comes of it: the server takes everything back once the connection is gone.
        let leave = async { timeout(FAREWELL, self.connection.execute("ROLLBACK")).await };
        drop(self.runtime.block_on(leave));
    }
}

/// The server's answer to work on the records as a whole.
pub(super) fn failed(error: &Error) -> ArchiveError {
    ArchiveError::Store(store_error(error))
}

/// An answer that has not the shape that was asked for.
pub(super) fn odd(what: &str) -> ArchiveError {
    ArchiveError::Store(school::StoreError::Corrupt(
        io::Error::other(what.to_owned()).into(),
    ))
}
