//! Group commit: many units of work in one transaction and one `fsync`, each in a savepoint that fails alone.

use std::path::Path;

use rusqlite::Connection;
use school::{Change, Inserted, StoreError};

use super::connection::run;
use super::failure::store_error;
use crate::audit::{APPEND, HEAD, entry_values};
use crate::unit::{Head, Step, Unit};

/// A connection in the middle of a group.
struct Group<'a> {
    connection: &'a Connection,
    path: &'a Path,
    /// The trail's last entry, read anew in each group: another process may have written since.
    head: Option<Head>,
}

/// Does every unit and commits. An error is one of the whole group, of which nothing remains.
pub(super) fn commit(
    connection: &Connection,
    path: &Path,
    units: &[&Unit],
) -> Result<Vec<Result<Inserted, StoreError>>, StoreError> {
    let mut group = Group {
        connection,
        path,
        head: None,
    };
    group.execute("BEGIN IMMEDIATE")?;
    let answers = group
        .each(units)
        .and_then(|answers| group.execute("COMMIT").map(|()| answers));
    if answers.is_err() && !connection.is_autocommit() {
        group.execute("ROLLBACK")?;
    }
    answers
}

impl Group<'_> {
    fn each(&mut self, units: &[&Unit]) -> Result<Vec<Result<Inserted, StoreError>>, StoreError> {
        let mut answers = Vec::with_capacity(units.len());
        for unit in units {
            answers.push(self.alone(unit)?);
        }
        Ok(answers)
    }

    /// One unit, whose failure leaves the others be. An error is one of the whole transaction.
    fn alone(&mut self, unit: &Unit) -> Result<Result<Inserted, StoreError>, StoreError> {
        self.execute("SAVEPOINT unit")?;
        let done = self.unit(unit);
        if done.is_err() {
            // On a full disk SQLite may have rolled the whole transaction back by itself.
            if self.connection.is_autocommit() {
                return done.map(Ok);
            }
            self.execute("ROLLBACK TO unit")?;
        }
        self.execute("RELEASE unit")?;
        Ok(done)
    }

    fn unit(&mut self, unit: &Unit) -> Result<Inserted, StoreError> {
        let mut object = unit.object;
        for statement in &unit.statements {
            let result = run(self.connection, statement.sql, &statement.params, object);
            let (touched, rows) = result.map_err(|error| store_error(self.path, error))?;
            match statement.expect.judge(touched, rows)? {
                Step::Next => {}
                Step::NewId(id) => object = Some(id),
                Step::Stop(done) => return Ok(done),
            }
        }
        if let Some(last) = &unit.last {
            let result = run(self.connection, last.sql, &last.params, object);
            result.map_err(|error| store_error(self.path, error))?;
        }
        if let Some(change) = &unit.change {
            self.tell(change, object)?;
        }
        Ok(Inserted::New(object.unwrap_or_default()))
    }

    fn tell(&mut self, change: &Change, object: Option<i64>) -> Result<(), StoreError> {
        let entry = self.head()?.chain(change, object);
        let head = Head {
            seq: entry.seq,
            hash: entry.hash,
        };
        let appended = run(self.connection, APPEND, &entry_values(entry), None);
        appended.map_err(|error| store_error(self.path, error))?;
        // The last thing that can fail in a unit: a head that was moved stays.
        self.head = Some(head);
        Ok(())
    }

    fn head(&mut self) -> Result<Head, StoreError> {
        if let Some(head) = self.head {
            return Ok(head);
        }
        let found = run(self.connection, HEAD, &[], None);
        let (_, rows) = found.map_err(|error| store_error(self.path, error))?;
        Head::read(rows)
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        let done = run(self.connection, sql, &[], None);
        done.map(|_| ())
            .map_err(|error| store_error(self.path, error))
    }
}
