//! A database that is filled anew in one transaction: whatever goes wrong, it stays as it was.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

use school::StoreError;
use tokio::time::sleep;
use tokio_postgres::binary_copy::BinaryCopyInWriter;

use super::session::{Session, failed, odd};
use super::view::View;
use super::{Options, upgrade, walk};
use crate::archive::{ArchiveError, Sink, Source, Table, table};
use crate::migrations;
use crate::value::Value;

/// Nobody else writes, migrates or reads until the end; what is committed is on the disk.
const ALONE: &str = "SET LOCAL synchronous_commit = on; SELECT pg_advisory_xact_lock(5786930143); \
    SELECT pg_advisory_xact_lock(5786930142)";
/// The trail is append-only for everybody but the owner of its table.
const UNGUARD: &str = "ALTER TABLE audit DISABLE TRIGGER USER";
const GUARD: &str = "ALTER TABLE audit ENABLE TRIGGER USER";
/// Other connections of ours to the same database; what stands between would hide whose they are.
const OTHERS: &str = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
    AND usename = current_user AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()";
/// A connection that was left is known to the server for a moment more.
const LOOKS: u32 = 60;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The database while it is filled.
pub(crate) struct Filling {
    rows: Option<Rows>,
    view: View,
}

/// A table that is being written.
type Rows = Pin<Box<BinaryCopyInWriter>>;

impl Filling {
    /// Brings the database to this version's schema, and locks all of it. Its rows are still there.
    pub(crate) fn begin(options: &Options) -> Result<Self, ArchiveError> {
        let session = Session::open(options)?;
        let database = options.address.to_string();
        let upgrade = upgrade::upgrade(
            session.connection(),
            &database,
            &options.clock,
            migrations::ALL,
        );
        let schema = session.wait(upgrade)?;
        must_be_alone(&session, &database)?;
        let tables = table::every_name().join(", ");
        let lock = format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE");
        let begun = session.begin("", &format!("{ALONE}; {lock}"));
        begun.map_err(|error| match error {
            ArchiveError::Store(StoreError::Unavailable(cause)) => ArchiveError::InUse {
                database,
                by: cause.to_string(),
            },
            other => other,
        })?;
        Ok(Self {
            rows: None,
            view: View::of(session, schema),
        })
    }

    /// The database as it would be after the commit.
    pub(crate) fn view(&mut self) -> &mut View {
        &mut self.view
    }

    fn session(&self) -> &Session {
        self.view.session()
    }

    /// The rows of our tables, but for those that migrations made.
    pub(crate) fn count_all(&mut self) -> Result<u64, ArchiveError> {
        let made_by_migrations = ["counter", "setting"];
        let names = table::every_name().into_iter();
        let sums: Vec<_> = names
            .filter(|name| !made_by_migrations.contains(name))
            .map(|name| format!("(SELECT COUNT(*) FROM {name})"))
            .collect();
        let count = walk::number(self.session(), &format!("SELECT {}", sums.join(" + ")))?;
        u64::try_from(count).map_err(|_| odd("a count below nothing"))
    }

    /// Takes every row away.
    pub(crate) fn clear(&mut self) -> Result<(), ArchiveError> {
        let truncate = format!("TRUNCATE {}", table::every_name().join(", "));
        for sql in [UNGUARD, &truncate, GUARD] {
            self.session().execute(sql)?;
        }
        Ok(())
    }

    /// From now on each table numbers its rows after these, and after those that it has. Taken back with everything
    /// else, unlike the server's `setval`.
    pub(crate) fn number(&mut self, numbers: &BTreeMap<String, i64>) -> Result<(), ArchiveError> {
        let sequences = walk::sequences(self.session())?;
        for sequence in sequences.iter().filter(|sequence| sequence.is_ours()) {
            let (table, column) = (&sequence.table, &sequence.column);
            let highest = format!("SELECT COALESCE(MAX({column}), 0) FROM {table}");
            let highest = walk::number(self.session(), &highest)?;
            let last = numbers.get(table).copied().unwrap_or_default().max(highest);
            let next = last.checked_add(1).ok_or_else(|| {
                ArchiveError::Damaged(format!("`{table}` has no number left for another row"))
            })?;
            self.session().execute(&format!(
                "ALTER SEQUENCE {} RESTART WITH {next}",
                sequence.name
            ))?;
        }
        Ok(())
    }

    /// Puts everything in force. The server learns first what it needs to know for good plans.
    pub(crate) fn commit(self) -> Result<(), ArchiveError> {
        let analyze = format!("ANALYZE {}", table::every_name().join(", "));
        self.session().execute(&analyze)?;
        self.session().execute("COMMIT")
    }
}

/// A server that goes on would serve what it knew before.
fn must_be_alone(session: &Session, database: &str) -> Result<(), ArchiveError> {
    if !session.connection().server.is_direct {
        return Ok(());
    }
    let mut others = 0;
    for _ in 0..LOOKS {
        others = walk::number(session, OTHERS)?;
        if others == 0 {
            return Ok(());
        }
        session.wait(async { sleep(BETWEEN_LOOKS).await });
    }
    Err(ArchiveError::InUse {
        database: database.to_owned(),
        by: format!("{others} connections of Pendopo are open"),
    })
}

impl Sink for Filling {
    fn begin(&mut self, table: &Table) -> Result<(), ArchiveError> {
        let types = walk::types(self.session(), table)?;
        let connection = self.session().connection();
        let sink = self.session().ask(connection.copy_in(&table.copy()))?;
        self.rows = Some(Box::pin(BinaryCopyInWriter::new(sink, &types)));
        Ok(())
    }

    fn insert(&mut self, table: &Table, row: &[Value]) -> Result<(), ArchiveError> {
        let has_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
        if row.iter().any(has_nul) {
            return Err(ArchiveError::Nul(table.name.clone()));
        }
        let rows = self.rows.as_mut().ok_or_else(|| odd("no table"))?;
        let written = self.view.session().wait(rows.as_mut().write_raw(row));
        written.map_err(|error| failed(&error))
    }

    fn end(&mut self, _: &Table) -> Result<(), ArchiveError> {
        let mut rows = self.rows.take().ok_or_else(|| odd("no table"))?;
        self.session().ask(rows.as_mut().finish()).map(drop)
    }

    fn run(&mut self, sql: &str, params: &[Value]) -> Result<(), ArchiveError> {
        self.view.ask(sql, params).map(drop)
    }
}
