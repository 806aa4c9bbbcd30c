//! Group commit: many units of work in one transaction and one `fsync`, of which each fails alone.
//!
//! A savepoint for each unit would let SQLite take back one that failed, but for that it copies every page which the
//! unit touches: a third of what a group costs, where hardly ever one fails. So a group is first tried without them. What
//! fails before it has written anything leaves nothing to take back; else the group begins anew, with savepoints.

use std::path::Path;

use school::{Change, Inserted, StoreError};

use super::failure::store_error;
use super::prepared::Prepared;
use crate::audit::{APPEND, HEAD, entry_values};
use crate::unit::{Beside, Head, Statement, Step, Unit};
use crate::value::{Row, Value};

/// What is answered to one unit.
type Answer = Result<Inserted, StoreError>;

/// A connection in the middle of a group.
struct Group<'a> {
    connection: &'a mut Prepared,
    path: &'a Path,
    /// Whether each unit has a savepoint, or is done in the hope that none fails after it has written.
    is_guarded: bool,
    /// The trail's last entry, read anew in each group: another process may have written since.
    head: Option<Head>,
    /// What the units add to numbers, which is added up and written once, before the commit.
    sums: Vec<(&'a Statement, i64)>,
}

/// Does every unit and commits. An error is one of the whole group, of which nothing remains.
pub(super) fn commit(
    connection: &mut Prepared,
    path: &Path,
    units: &[&Unit],
) -> Result<Vec<Answer>, StoreError> {
    let mut attempt = |is_guarded| {
        let group = Group {
            connection: &mut *connection,
            path,
            is_guarded,
            head: None,
            sums: Vec::new(),
        };
        group.commit(units)
    };
    match attempt(false)? {
        Some(answers) => Ok(answers),
        // With savepoints every unit has its answer.
        None => attempt(true).map(Option::unwrap_or_default),
    }
}

impl<'a> Group<'a> {
    /// One whole try; none if the group needs savepoints, and then nothing of it remains.
    fn commit(mut self, units: &[&'a Unit]) -> Result<Option<Vec<Answer>>, StoreError> {
        self.execute("BEGIN IMMEDIATE")?;
        let each: Result<Option<_>, _> = units.iter().map(|unit| self.alone(unit)).collect();
        let answers = each.and_then(|answers| {
            if answers.is_some() {
                self.add_up()?;
                self.execute("COMMIT")?;
            }
            Ok(answers)
        });
        if !matches!(answers, Ok(Some(_))) && !self.connection.connection().is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        answers
    }

    /// One unit, whose failure leaves the others be; none if it failed and can't be taken back alone. An error is one of
    /// the whole transaction.
    fn alone(&mut self, unit: &'a Unit) -> Result<Option<Answer>, StoreError> {
        if self.is_guarded {
            self.execute("SAVEPOINT unit")?;
        }
        let before = self.connection.connection().total_changes();
        let done = self.unit(unit);
        // On a full disk SQLite may have rolled the whole transaction back by itself.
        if done.is_err() && self.connection.connection().is_autocommit() {
            return done.map(|done| Some(Ok(done)));
        }
        let is_torn = done.is_err() && self.connection.connection().total_changes() != before;
        if self.is_guarded {
            if is_torn {
                self.execute("ROLLBACK TO unit")?;
            }
            self.execute("RELEASE unit")?;
        }
        Ok((self.is_guarded || !is_torn).then_some(done))
    }

    fn unit(&mut self, unit: &'a Unit) -> Result<Inserted, StoreError> {
        let mut object = unit.object;
        let is_sum = |statement: &&Statement| statement.beside == Beside::Sum;
        for statement in unit.statements.iter().filter(|one| !is_sum(one)) {
            let (touched, rows) = self.run(statement.sql, &statement.params, object)?;
            match statement.expect.judge(touched, rows)? {
                Step::Next => {}
                Step::NewId(id) => object = Some(id),
                Step::Stop(done) => return Ok(done),
            }
        }
        if let Some(last) = &unit.last {
            self.run(last.sql, &last.params, object)?;
        }
        if let Some(change) = &unit.change {
            self.tell(change, object)?;
        }
        // Nothing can fail any more.
        for statement in unit.statements.iter().filter(is_sum) {
            self.remember(statement);
        }
        Ok(Inserted::New(object.unwrap_or_default()))
    }

    fn remember(&mut self, statement: &'a Statement) {
        let more = statement.summand();
        let mut known = self.sums.iter_mut();
        match known.find(|(one, _)| one.sql == statement.sql) {
            Some((_, sum)) => *sum += more,
            None => self.sums.push((statement, more)),
        }
    }

    fn add_up(&mut self) -> Result<(), StoreError> {
        for (statement, sum) in std::mem::take(&mut self.sums) {
            let (touched, rows) = self.run(statement.sql, &[sum.into()], None)?;
            statement.expect.judge(touched, rows)?;
        }
        Ok(())
    }

    fn tell(&mut self, change: &Change, object: Option<i64>) -> Result<(), StoreError> {
        let entry = self.head()?.chain(change, object);
        let head = Head {
            seq: entry.seq,
            hash: entry.hash,
        };
        self.run(APPEND, &entry_values(entry), None)?;
        // The last thing that can fail in a unit: a head that was moved stays.
        self.head = Some(head);
        Ok(())
    }

    fn head(&mut self) -> Result<Head, StoreError> {
        match self.head {
            Some(head) => Ok(head),
            None => Head::read(self.run(HEAD, &[], None)?.1),
        }
    }

    fn execute(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.run(sql, &[], None).map(drop)
    }

    fn run(
        &mut self,
        sql: &'static str,
        params: &[Value],
        new_id: Option<i64>,
    ) -> Result<(u64, Vec<Row>), StoreError> {
        let ran = self.connection.run(sql, params, new_id);
        ran.map_err(|error| store_error(self.path, error))
    }
}
