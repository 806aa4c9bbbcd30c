//! The audit trail, in SQL: how entries are read, and the statements with which an engine appends them.

use async_trait::async_trait;
use school::audit::{AuditStore, Change, Entry};
use school::page::{Limit, Page};
use school::{Inserted, Repeat, StoreError};

use crate::engine::{Engine, Query, Sql};
use crate::unit::Unit;
use crate::value::{Row, Value, values};

macro_rules! select {
    ($after:literal) => {
        concat!(
            "SELECT seq, at, actor, address, request_id, action, object_id, before, after, hash FROM audit ",
            $after
        )
    };
}

const LIST: &str = select!("WHERE seq < $1 ORDER BY seq DESC LIMIT $2");
const LAST: &str = "SELECT seq FROM audit ORDER BY seq DESC LIMIT 1";
const WALK: &str = select!("WHERE seq > $1 ORDER BY seq LIMIT $2");

/// The place and the hash of the last entry.
pub(crate) const HEAD: &str = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
/// Appends the values of [`entry_values`].
pub(crate) const APPEND: &str = "INSERT INTO audit (seq, at, actor, address, request_id, action, object_id, before, \
    after, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

#[async_trait]
impl<E: Engine> AuditStore for Sql<E> {
    async fn append(
        &self,
        change: Change,
        object: i64,
        repeat: Repeat,
    ) -> Result<Inserted, StoreError> {
        let unit = Unit::new(change)
            .about(object)
            .unless_seen(Some(&repeat))
            .remember(Some(repeat));
        self.engine.write(unit).await
    }

    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Entry>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        let query = Query::new(LIST, values![before, limit.one_more()]);
        let rows = self.all(query, entry).await?;
        let last = self
            .first(Query::new(LAST, values![]), |mut row| row.int())
            .await?;
        Ok(Page {
            total: u64::try_from(last.unwrap_or(0)).ok(),
            ..Page::cut(rows, limit)
        })
    }

    async fn walk(&self, after: i64, rows: usize) -> Result<Vec<Entry>, StoreError> {
        let most = i64::try_from(rows).unwrap_or(i64::MAX);
        let rows = self
            .engine
            .scan(Query::new(WALK, values![after, most]))
            .await?;
        rows.into_iter().map(entry).collect()
    }
}

fn entry(mut row: Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        seq: row.int()?,
        at: row.time()?,
        actor: row.text()?,
        address: row.optional_text()?,
        request_id: row.optional_text()?,
        action: row.text()?,
        object_id: row.optional_int()?,
        before: row.optional_text()?,
        after: row.optional_text()?,
        hash: row.hash()?,
    })
}

/// An entry as [`APPEND`] takes it.
pub(crate) fn entry_values(entry: Entry) -> Vec<Value> {
    values![
        entry.seq,
        entry.at,
        entry.actor,
        entry.address,
        entry.request_id,
        entry.action,
        entry.object_id,
        entry.before,
        entry.after,
        entry.hash,
    ]
}
