//! A unit of work as data: statements that are done all or none, what each must affect, and the audit entry that goes with them.

use school::audit::{Action, CHAIN_START, Change, Entry};
use school::{Inserted, StoreError};

use crate::value::{Row, Value, corrupt};

/// The statements of one operation. An engine runs them in order in one transaction, then appends the change to the trail.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) statements: Vec<Statement>,
    /// The id of what is changed, if it is known before.
    pub(crate) object: Option<i64>,
    /// What is done last.
    pub(crate) last: Option<Last>,
    pub(crate) change: Option<Change>,
}

/// One statement.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Value>,
    pub(crate) expect: Expect,
    pub(crate) beside: Beside,
}

/// An insert as [`Beside::Rows`] wants it, which may hold the new id as [`Value::NewId`]. It can't fail for a reason of its unit.
#[derive(Debug, Clone)]
pub(crate) struct Last {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Value>,
}

/// How a statement stands beside the same one of other units that are done at the same time. An engine for which each
/// statement costs much does those of like units as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// It may see what the others do, so each unit is done by itself.
    Alone,
    /// In any order.
    Any,
    /// Each inserts one row, and every parameter stands in its list of values: one insert can have many such lists.
    Rows,
    /// Each adds its one parameter to a number: one can add the sum.
    Sum,
}

/// What a statement must affect or return; else the whole unit fails.
#[derive(Debug, Clone)]
pub(crate) enum Expect {
    /// Whatever.
    Any,
    /// Exactly one row.
    One(fn() -> StoreError),
    /// No row.
    None(fn() -> StoreError),
    /// One row, whose first column is the new id: of the audit entry, and of the last statement's [`Value::NewId`].
    NewId,
    /// No row; or one that remembers the same request, which ends the unit well with nothing written:
    /// its columns are fingerprint, id and picture.
    Unseen([u8; 32]),
}

/// What a statement's result means for the rest of the unit.
#[derive(Debug)]
pub(crate) enum Step {
    Next,
    NewId(i64),
    Stop(Inserted),
}

impl Unit {
    /// Nothing yet but the change that will be told.
    pub(crate) fn new(change: Change) -> Self {
        Self {
            statements: Vec::new(),
            object: None,
            last: None,
            change: Some(change),
        }
    }

    /// A unit that the trail does not tell of.
    pub(crate) fn untold() -> Self {
        Self {
            statements: Vec::new(),
            object: None,
            last: None,
            change: None,
        }
    }

    /// The change is one of this object.
    #[must_use]
    pub(crate) fn about(mut self, object: i64) -> Self {
        self.object = Some(object);
        self
    }

    /// With one more statement.
    #[must_use]
    pub(crate) fn then(self, sql: &'static str, params: Vec<Value>, expect: Expect) -> Self {
        self.and(Statement {
            sql,
            params,
            expect,
            beside: Beside::Alone,
        })
    }

    /// With one more statement, of which is known how it stands beside the same of other units.
    #[must_use]
    pub(crate) fn and(mut self, statement: Statement) -> Self {
        self.statements.push(statement);
        self
    }

    /// With the insert of a row, as [`Beside::Rows`] wants it, that answers the new id.
    #[must_use]
    pub(crate) fn insert(self, sql: &'static str, params: Vec<Value>) -> Self {
        self.and(Statement {
            sql,
            params,
            expect: Expect::NewId,
            beside: Beside::Rows,
        })
    }

    /// The texts of its statements: units of which these are the same are alike.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &'static str> {
        self.statements.iter().map(|statement| statement.sql)
    }
}

impl Statement {
    /// What it adds, as [`Beside::Sum`] has it.
    pub(crate) fn summand(&self) -> i64 {
        match self.params[..] {
            [Value::Int(more)] => more,
            _ => 0,
        }
    }
}

impl Last {
    /// The parameters, with the id that is known by now.
    pub(crate) fn with_id(&self, id: Option<i64>) -> Vec<Value> {
        let known = |value: &Value| match value {
            Value::NewId => id.into(),
            other => other.clone(),
        };
        self.params.iter().map(known).collect()
    }
}

impl Expect {
    /// Compares what came with what must come.
    pub(crate) fn judge(&self, touched: u64, rows: Vec<Row>) -> Result<Step, StoreError> {
        match self {
            Self::One(failure) if touched != 1 => Err(failure()),
            Self::None(failure) if touched != 0 => Err(failure()),
            Self::Any | Self::One(_) | Self::None(_) => Ok(Step::Next),
            Self::NewId => new_id(rows),
            Self::Unseen(fingerprint) => unseen(rows, *fingerprint),
        }
    }
}

fn new_id(rows: Vec<Row>) -> Result<Step, StoreError> {
    let row = rows.into_iter().next();
    let mut row = row.ok_or_else(|| corrupt("an insert returned no id"))?;
    row.int().map(Step::NewId)
}

fn unseen(rows: Vec<Row>, fingerprint: [u8; 32]) -> Result<Step, StoreError> {
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(Step::Next);
    };
    if row.hash()? != fingerprint {
        return Err(StoreError::KeyReused);
    }
    Ok(Step::Stop(Inserted::Repeated {
        id: row.int()?,
        after: row.text()?,
    }))
}

/// The last entry's place and hash, to which the next one is chained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) seq: i64,
    pub(crate) hash: [u8; 32],
}

impl Head {
    /// The last entry as [`HEAD`](crate::audit::HEAD) finds it; what stands before the first one, if there is none.
    pub(crate) fn read(rows: Vec<Row>) -> Result<Self, StoreError> {
        match rows.into_iter().next() {
            Some(mut row) => Ok(Self {
                seq: row.int()?,
                hash: row.hash()?,
            }),
            None => Ok(Self {
                seq: 0,
                hash: CHAIN_START,
            }),
        }
    }

    /// The next entry, complete.
    pub(crate) fn chain(&self, change: &Change, object_id: Option<i64>) -> Entry {
        let mut entry = Entry {
            seq: self.seq + 1,
            at: change.at,
            actor: change.actor.clone(),
            address: change.address.map(|address| address.to_string()),
            request_id: change.request_id.clone(),
            action: Action::as_str(change.action).to_owned(),
            object_id,
            before: change.before.clone(),
            after: change.after.clone(),
            hash: CHAIN_START,
        };
        entry.hash = entry.chained(&self.hash);
        entry
    }
}
