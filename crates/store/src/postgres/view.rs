//! One view of the whole database that no write changes, for archives.

use super::session::{LASTING, Session};
use super::{Options, walk};
use crate::archive::{ArchiveError, Source, Table, table};
use crate::migrations;
use crate::opened::OpenError;
use crate::value::{Row, Value};

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const SCHEMA: &str = "SELECT MAX(id) FROM migration";

/// The view; writers go on beside it.
pub(crate) struct View {
    session: Session,
    schema: i64,
}

impl View {
    /// A view of a database that has this version's schema.
    pub(crate) fn open(options: &Options) -> Result<Self, ArchiveError> {
        let session = Session::open(options)?;
        // Locked before the first look: a table that is emptied whole would be empty for older views as well.
        let tables = table::every_name().join(", ");
        let lock = format!("LOCK TABLE {tables} IN ACCESS SHARE MODE");
        session.execute(&format!("{BEGIN}; {LASTING}; {lock}"))?;
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
