//! The seam between the ports, written once, and the engines that run their SQL.
//!
//! The SQL is what SQLite and PostgreSQL both speak: `$1` in order of first use, `RETURNING`, `ON CONFLICT`; no collation, no
//! function of one engine only.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use school::{Inserted, StoreError};

use crate::recent::Recent;
use crate::status::Status;
use crate::unit::Unit;
use crate::value::{Row, Value};

/// One question: a statement that changes nothing.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Value>,
    /// Only the first row is wanted; there need not be more.
    pub(crate) is_one: bool,
}

impl Query {
    pub(crate) fn new(sql: &'static str, params: Vec<Value>) -> Self {
        Self {
            sql,
            params,
            is_one: false,
        }
    }
}

/// Runs queries and units of work.
pub(crate) trait Engine: Debug + Send + Sync + 'static {
    /// Asks something that an index answers in microseconds.
    fn read(&self, query: Query) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// Asks something that may go through whole tables; ends with [`StoreError::TooSlow`] at the engine's deadline.
    fn scan(&self, query: Query) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;

    /// Does a unit of work; once answered, it is durable. The id is 0 if the unit made no row.
    fn write(&self, unit: Unit) -> impl Future<Output = Result<Inserted, StoreError>> + Send;

    /// Does a unit of work some time, or not at all when there is too much to do.
    fn write_later(&self, unit: Unit);

    /// The engine answers within a second, reading and writing.
    fn check(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// What it says of itself now.
    fn status(&self) -> Status;

    /// Waits until nobody else prepares the same database.
    fn turn(&self) -> impl Future<Output = Result<Turn, StoreError>> + Send;

    /// Does every write that is queued, and refuses new ones. Blocks until then.
    fn close(&self);
}

/// As long as this lives, nobody else has a turn on the same database.
pub struct Turn {
    _lock: Option<Box<dyn Any + Send>>,
}

impl Turn {
    /// The database can be had by one at a time as it is.
    pub(crate) fn free() -> Self {
        Self { _lock: None }
    }

    /// A turn that lasts as long as this.
    pub(crate) fn under(lock: impl Any + Send) -> Self {
        Self {
            _lock: Some(Box::new(lock)),
        }
    }
}

/// Every port, over one engine.
#[derive(Debug)]
pub(crate) struct Sql<E> {
    pub(crate) engine: E,
    pub(crate) recent: Recent,
}

impl<E: Engine> Sql<E> {
    pub(crate) fn over(engine: E) -> Arc<Self> {
        Arc::new(Self {
            engine,
            recent: Recent::default(),
        })
    }

    /// The one row, or none.
    pub(crate) async fn first<T>(
        &self,
        mut query: Query,
        read: fn(Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        query.is_one = true;
        let rows = self.engine.read(query).await?;
        rows.into_iter().next().map(read).transpose()
    }

    /// All rows.
    pub(crate) async fn all<T>(
        &self,
        query: Query,
        read: fn(Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.engine.read(query).await?;
        rows.into_iter().map(read).collect()
    }

    /// A unit that makes nothing new, but changes or takes away.
    pub(crate) async fn done(&self, unit: Unit) -> Result<(), StoreError> {
        let written = self.engine.write(unit).await;
        self.recent.forget();
        written.map(|_| ())
    }

    /// A unit that makes a row, and no request makes it twice: the row's id.
    pub(crate) async fn make(&self, unit: Unit) -> Result<i64, StoreError> {
        match self.engine.write(unit).await? {
            Inserted::New(id) | Inserted::Repeated { id, .. } => Ok(id),
        }
    }
}
