//! The whole database as one transaction sees it, for archives.

use super::session::Session;
use super::{Options, walk};
use crate::archive::{ArchiveError, Source, Table, table};
use crate::migrations;
use crate::open_error::OpenError;
use crate::value::{Row, Value};

const ONE_VIEW: &str = "ISOLATION LEVEL REPEATABLE READ READ ONLY";
const SCHEMA: &str = "SELECT MAX(id) FROM migration";

/// The transaction, on a session of its own.
pub(crate) struct View {
    session: Session,
    schema: i64,
}

impl View {
    /// A view that no write changes, of a database that has this version's schema; writers go on beside it.
    pub(crate) fn open(options: &Options) -> Result<Self, ArchiveError> {
        let session = Session::open(options)?;
        // Locked before the first look: a table that is emptied whole would be empty for older views as well.
        let tables = table::every_name().join(", ");
        let lock = format!("LOCK TABLE {tables} IN ACCESS SHARE MODE");
        session.begin(ONE_VIEW, &lock)?;
        let schema = walk::number(&session, SCHEMA)?;
        let known = migrations::newest();
        if schema > known {
            return Err(ArchiveError::Open(OpenError::Newer {
                database: options.address.to_string(),
                found: schema,
                known,
            }));
        }
        Ok(Self { session, schema })
    }

    /// What a transaction sees that was begun already, in a database of this schema.
    pub(super) fn of(session: Session, schema: i64) -> Self {
        Self { session, schema }
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }
}

impl Source for View {
    fn schema(&self) -> i64 {
        self.schema
    }

    fn count(&mut self, table: &Table) -> Result<u64, ArchiveError> {
        walk::count(&self.session, table)
    }

    fn each(
        &mut self,
        table: &Table,
        take: &mut dyn FnMut(&[Value]) -> Result<(), ArchiveError>,
    ) -> Result<(), ArchiveError> {
        walk::each(&self.session, table, take)
    }

    fn ask(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, ArchiveError> {
        let asked = self.session.connection().run(sql, params);
        self.session.ask(asked).map(|(_, rows)| rows)
    }

    fn numbers(&mut self) -> Result<Vec<(String, i64)>, ArchiveError> {
        walk::numbers(&self.session)
    }
}
