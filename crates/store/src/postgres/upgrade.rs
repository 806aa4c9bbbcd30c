//! Brings a database to this version's schema, in one transaction, while others who start wait and then find it done.

use school::Clock;
use tokio_postgres::error::SqlState;
use tracing::info;

use super::connection::Connection;
use super::failure::{cause, is_of_connection};
use crate::migrations::Migration;
use crate::open_error::OpenError;
use crate::value::{Row, values};

/// The lock is another one than that of the writers.
const BEGIN: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 60000; \
    SELECT pg_advisory_xact_lock(5786930143)";
const IS_THERE: &str = "SELECT CASE WHEN to_regclass('migration') IS NULL THEN 0 ELSE 1 END";
const MIGRATION_TABLE: &str = "CREATE TABLE migration (id BIGINT PRIMARY KEY, name TEXT NOT NULL, \
    checksum BYTEA NOT NULL, applied_at BIGINT NOT NULL)";
const APPLIED: &str = "SELECT id, checksum FROM migration ORDER BY id";
const APPLY: &str =
    "INSERT INTO migration (id, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";

/// Applies what is missing of `list`; answers the schema's number.
pub(super) async fn upgrade(
    connection: &Connection,
    database: &str,
    clock: &Clock,
    list: &[Migration],
) -> Result<i64, OpenError> {
    let fail = |error| open_error(database, &error);
    connection.execute(BEGIN).await.map_err(fail)?;
    let work = Work {
        connection,
        database,
        clock,
    };
    match work.apply_missing(list).await {
        Ok(schema) => {
            connection.execute("COMMIT").await.map_err(fail)?;
            Ok(schema)
        }
        Err(error) => {
            // The failure that began it tells more than one of the way back.
            let _ = connection.execute("ROLLBACK").await;
            Err(error)
        }
    }
}

/// A transaction that has the lock.
struct Work<'a> {
    connection: &'a Connection,
    database: &'a str,
    clock: &'a Clock,
}

impl Work<'_> {
    async fn apply_missing(&self, list: &[Migration]) -> Result<i64, OpenError> {
        let mut applied = 0;
        if self.is_there().await? {
            applied = self.applied(list).await?;
        } else {
            self.execute(MIGRATION_TABLE).await?;
        }
        for step in &list[applied..] {
            self.apply(step).await?;
        }
        Ok(list.last().map_or(0, |step| step.id))
    }

    async fn is_there(&self) -> Result<bool, OpenError> {
        let mut rows = self.query(IS_THERE).await?;
        let first = rows.first_mut().map(Row::bool);
        Ok(matches!(first, Some(Ok(true))))
    }

    /// How many steps were applied; those of a newer version, or other ones under our numbers, are refused.
    async fn applied(&self, list: &[Migration]) -> Result<usize, OpenError> {
        let rows = self.query(APPLIED).await?;
        let foreign = || OpenError::Foreign(self.database.to_owned());
        let read = |mut row: Row| Ok((row.int()?, row.bytes()?));
        let rows: Result<Vec<_>, school::StoreError> = rows.into_iter().map(read).collect();
        let rows = rows.map_err(|_| foreign())?;
        let found = rows.last().map_or(0, |row| row.0);
        let known = list.last().map_or(0, |step| step.id);
        if found > known {
            return Err(OpenError::Newer {
                database: self.database.to_owned(),
                found,
                known,
            });
        }
        for ((id, checksum), step) in rows.iter().zip(list) {
            if *id != step.id || checksum.as_slice() != step.postgres_checksum() {
                return Err(OpenError::Changed {
                    database: self.database.to_owned(),
                    id: step.id,
                });
            }
        }
        Ok(rows.len())
    }

    async fn apply(&self, step: &Migration) -> Result<(), OpenError> {
        self.execute(&step.for_postgres()).await?;
        let checksum = step.postgres_checksum();
        let params = values![step.id, step.name, checksum, self.clock.now()];
        let noted = self.connection.run(APPLY, &params).await;
        noted.map_err(|error| open_error(self.database, &error))?;
        info!(
            schema = step.id,
            "the database was brought to schema {} `{}`", step.id, step.name
        );
        Ok(())
    }

    async fn execute(&self, sql: &str) -> Result<(), OpenError> {
        let done = self.connection.execute(sql).await;
        done.map_err(|error| open_error(self.database, &error))
    }

    async fn query(&self, sql: &'static str) -> Result<Vec<Row>, OpenError> {
        match self.connection.run(sql, &[]).await {
            Ok((_, rows)) => Ok(rows),
            Err(error) => Err(open_error(self.database, &error)),
        }
    }
}

/// The server's error while opening, with the mend.
fn open_error(database: &str, error: &tokio_postgres::Error) -> OpenError {
    let database = database.to_owned();
    let Some(code) = error.code().filter(|_| !is_of_connection(error)) else {
        return OpenError::Away {
            database,
            cause: cause(error),
        };
    };
    let foreign = [
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_FUNCTION,
        SqlState::UNDEFINED_COLUMN,
    ];
    if foreign.contains(code) {
        return OpenError::Foreign(database);
    }
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        return OpenError::NotAllowed {
            database,
            cause: cause(error),
        };
    }
    OpenError::Away {
        database,
        cause: cause(error),
    }
}
