//! What is sent for the units of a group: statements of one unit, or such that like units share.

use std::borrow::Cow;
use std::ops::Range;

use school::{Inserted, StoreError};
use tokio_postgres::Error;

use super::bulk::inserts;
use super::fault::Fault;
use crate::unit::{Beside, Expect, Statement, Step, Unit};
use crate::value::{Row, Value};

/// Whether units that are alike share statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    Shared,
    Apart,
}

/// One statement.
pub(super) struct Order<'a> {
    pub(super) sql: Cow<'static, str>,
    pub(super) params: Vec<Value>,
    expect: &'a Expect,
    /// Whose it is, by their places in the group.
    units: Range<usize>,
    is_rows: bool,
}

/// The statements of all units. A unit's own keep their order; where like units share, theirs come one after another.
pub(super) fn orders<'a>(units: &[&'a Unit], sharing: Sharing) -> Vec<Order<'a>> {
    let mut orders = Vec::new();
    let mut first = 0;
    for like in units.chunk_by(|one, next| sharing == Sharing::Shared && can_share(one, next)) {
        for index in 0..like[0].statements.len() {
            let statements: Vec<_> = like.iter().map(|unit| &unit.statements[index]).collect();
            share(&statements, first, &mut orders);
        }
        first += like.len();
    }
    orders
}

fn can_share(one: &Unit, next: &Unit) -> bool {
    let can = |statement: &Statement| statement.beside != Beside::Alone;
    one.statements.iter().all(can) && one.texts().eq(next.texts())
}

/// The same statement of units from this place on.
fn share<'a>(statements: &[&'a Statement], first: usize, orders: &mut Vec<Order<'a>>) {
    let order = |sql, params, statement: &'a Statement, units| Order {
        sql,
        params,
        expect: &statement.expect,
        units,
        is_rows: statement.beside == Beside::Rows,
    };
    let Some(one) = statements.first() else {
        return;
    };
    match one.beside {
        Beside::Alone | Beside::Any => {
            orders.extend(statements.iter().zip(first..).map(|(statement, place)| {
                let params = statement.params.clone();
                order(statement.sql.into(), params, statement, place..place + 1)
            }));
        }
        Beside::Rows => {
            let rows = statements.iter().map(|statement| statement.params.clone());
            let mut place = first;
            for (sql, size, params) in inserts(one.sql, rows) {
                orders.push(order(sql, params, one, place..place + size));
                place += size;
            }
        }
        Beside::Sum => {
            let units = first..first + statements.len();
            let sum: i64 = statements.iter().map(|one| one.summand()).sum();
            orders.push(order(one.sql.into(), vec![sum.into()], one, units));
        }
    }
}

impl Order<'_> {
    /// Compares what came with what must come, and keeps the ids of what was made. A unit that was done before is a fault:
    /// what else was sent of it must not stand.
    pub(super) fn judge(
        &self,
        touched: u64,
        rows: Vec<Row>,
        objects: &mut [Option<i64>],
    ) -> Result<(), Fault> {
        if !self.is_rows || self.units.len() == 1 {
            return self.judge_at(self.units.start, touched, rows, objects);
        }
        if touched != self.units.len() as u64 {
            return Err(Fault::Shared);
        }
        // An insert returns its rows as it makes them: in the order of its lists of values.
        let mut rows = rows.into_iter();
        for place in self.units.clone() {
            let row = rows.next().into_iter().collect();
            self.judge_at(place, 1, row, objects)?;
        }
        Ok(())
    }

    fn judge_at(
        &self,
        place: usize,
        touched: u64,
        rows: Vec<Row>,
        objects: &mut [Option<i64>],
    ) -> Result<(), Fault> {
        match self.expect.judge(touched, rows) {
            Ok(Step::Next) => {}
            Ok(Step::NewId(id)) => objects[place] = Some(id),
            Ok(Step::Stop(done)) => return Err(self.fault(Ok(done))),
            Err(error) => return Err(self.fault(Err(error))),
        }
        Ok(())
    }

    /// A server in trouble fails every unit alike; other failures are this one's own.
    pub(super) fn failed(&self, error: &Error) -> Fault {
        match Fault::before(error) {
            Fault::Group(error @ (StoreError::Unavailable(_) | StoreError::Full(_))) => {
                Fault::Group(error)
            }
            Fault::Group(error) => self.fault(Err(error)),
            other => other,
        }
    }

    fn fault(&self, answer: Result<Inserted, StoreError>) -> Fault {
        if self.units.len() == 1 {
            Fault::Unit(self.units.start, answer)
        } else {
            Fault::Shared
        }
    }
}
