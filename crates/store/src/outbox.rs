//! The outbox, in SQL: what stays here until another store has it.

use async_trait::async_trait;
use school::messages::Message;
use school::outbox::Outbox;
use school::{Change, StoreError};

use crate::engine::{Engine, Query, Sql};
use crate::messages::message;
use crate::unit::{Expect, Unit};
use crate::value::values;

const MESSAGES: &str =
    "SELECT id, message, name, person_id, created_at FROM message ORDER BY id LIMIT $1";
const MESSAGES_MOVED: &str = "DELETE FROM message WHERE id <= $1";
const REMOVED: &str =
    "INSERT INTO removed_message (id, is_moved) VALUES ($1, 0) ON CONFLICT (id) DO NOTHING";
const REMOVE: &str = "DELETE FROM message WHERE id = $1";
const REMOVALS: &str = "SELECT id FROM removed_message WHERE is_moved = 0 ORDER BY id LIMIT $1";
const REMOVAL_MOVED: &str = "UPDATE removed_message SET is_moved = 1 WHERE id = $1";
const TRAIL_LEFT: &str = "SELECT value FROM counter WHERE name = 'audit_moved'";
// The trigger that keeps the trail lets go of what this allows, and of nothing else.
const TRAIL_MAY_LEAVE: &str =
    "UPDATE counter SET value = $1 WHERE name = 'audit_moved' AND value < $1";
const TRAIL_LEAVES: &str =
    "DELETE FROM audit WHERE seq <= $1 AND seq < (SELECT MAX(seq) FROM audit)";

#[async_trait]
impl<E: Engine> Outbox for Sql<E> {
    async fn messages(&self, rows: usize) -> Result<Vec<Message>, StoreError> {
        let query = Query::new(MESSAGES, values![most(rows)]);
        self.all(query, message).await
    }

    async fn messages_moved(&self, last: i64) -> Result<(), StoreError> {
        let unit = Unit::untold().then(MESSAGES_MOVED, values![last], Expect::Any);
        self.write_quietly(unit).await
    }

    async fn remove_message(&self, id: i64, change: Change) -> Result<(), StoreError> {
        let unit = Unit::new(change)
            .about(id)
            .then(REMOVED, values![id], Expect::One(|| StoreError::NotFound))
            .then(REMOVE, values![id], Expect::Any);
        self.done(unit).await
    }

    async fn removals(&self, rows: usize) -> Result<Vec<i64>, StoreError> {
        let query = Query::new(REMOVALS, values![most(rows)]);
        self.all(query, |mut row| row.int()).await
    }

    async fn removals_moved(&self, ids: &[i64]) -> Result<(), StoreError> {
        let each = ids.iter();
        let unit = each.fold(Unit::untold(), |unit, id| {
            unit.then(REMOVAL_MOVED, values![*id], Expect::Any)
        });
        self.write_quietly(unit).await
    }

    async fn trail_moved(&self, last: i64) -> Result<(), StoreError> {
        let unit = Unit::untold()
            .then(TRAIL_MAY_LEAVE, values![last], Expect::Any)
            .then(TRAIL_LEAVES, values![last], Expect::Any);
        self.write_quietly(unit).await
    }

    async fn trail_left(&self) -> Result<i64, StoreError> {
        let query = Query::new(TRAIL_LEFT, values![]);
        let found = self.first(query, |mut row| row.int()).await?;
        Ok(found.unwrap_or(0))
    }
}

impl<E: Engine> Sql<E> {
    /// A unit that nobody's rights hang on, so that nobody need be looked up again.
    async fn write_quietly(&self, unit: Unit) -> Result<(), StoreError> {
        self.engine.write(unit).await.map(|_| ())
    }
}

fn most(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
