//! The port of messages, in SQL.

use async_trait::async_trait;
use school::messages::{Message, MessageStore};
use school::page::{Limit, Page};
use school::{Change, Inserted, Repeat, StoreError};

use crate::engine::{Engine, Query, Sql};
use crate::unit::{Expect, Unit};
use crate::value::{Row, values};

const LIST: &str = "SELECT id, message, name, person_id, created_at FROM message \
    WHERE id < $1 ORDER BY id DESC LIMIT $2";
// An author who was removed a moment ago is left out, as with the messages they had posted before.
const INSERT: &str = "INSERT INTO message (message, name, person_id, created_at) \
    VALUES ($1, $2, (SELECT id FROM person WHERE id = $3), $4) RETURNING id";
const DELETE: &str = "DELETE FROM message WHERE id = $1";

#[async_trait]
impl<E: Engine> MessageStore for Sql<E> {
    async fn insert(
        &self,
        message: &Message,
        change: Change,
        repeat: Option<Repeat>,
    ) -> Result<Inserted, StoreError> {
        let params = values![
            message.message.as_str(),
            message.name.as_deref(),
            message.person_id,
            message.created_at,
        ];
        let unit = Unit::new(change)
            .unless_seen(repeat.as_ref())
            .insert(INSERT, params)
            .remember(repeat);
        self.engine.write(unit).await
    }

    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Message>, StoreError> {
        let before = before.unwrap_or(i64::MAX);
        let query = Query::new(LIST, values![before, limit.one_more()]);
        Ok(Page::cut(self.all(query, message).await?, limit))
    }

    async fn delete(&self, id: i64, change: Change) -> Result<(), StoreError> {
        let unit = Unit::new(change).about(id).then(
            DELETE,
            values![id],
            Expect::One(|| StoreError::NotFound),
        );
        self.done(unit).await
    }
}

pub(crate) fn message(mut row: Row) -> Result<Message, StoreError> {
    Ok(Message {
        id: row.int()?,
        message: row.text()?,
        name: row.optional_text()?,
        person_id: row.optional_int()?,
        created_at: row.time()?,
    })
}
