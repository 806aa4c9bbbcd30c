//! The port of sessions, in SQL.

use async_trait::async_trait;
use school::secret::SecretHash;
use school::sessions::{ABSOLUTE, IDLE, Session, SessionStore};
use school::{Change, PersonId, StoreError, Timestamp};

use crate::engine::{Engine, Query, Sql};
use crate::unit::{Expect, Unit};
use crate::value::{Row, values};

macro_rules! select {
    ($after:literal) => {
        concat!(
            "SELECT id, hash, person_id, created_at, last_seen_at, address, agent FROM session ",
            $after
        )
    };
}

const FIND: &str = select!("WHERE hash = $1");
const LIST: &str = select!("WHERE person_id = $1 ORDER BY last_seen_at DESC, id DESC LIMIT 1000");
// Nobody signs in who was disabled a moment ago.
const MAY_SIGN_IN: &str = "SELECT 1 FROM person WHERE id = $1 AND is_disabled = 0";
const DELETE_DEAD: &str =
    "DELETE FROM session WHERE person_id = $1 AND (last_seen_at <= $2 OR created_at <= $3)";
const DELETE_REPLACED: &str = "DELETE FROM session WHERE hash = $1";
const INSERT: &str = "INSERT INTO session (hash, person_id, created_at, last_seen_at, address, agent) \
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
// Two processes may note the same use out of order.
const TOUCH: &str = "UPDATE session SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1";
const DELETE: &str = "DELETE FROM session WHERE id = $1 AND person_id = $2";

#[async_trait]
impl<E: Engine> SessionStore for Sql<E> {
    async fn insert(
        &self,
        session: &Session,
        replaces: Option<SecretHash>,
        change: Change,
    ) -> Result<i64, StoreError> {
        let (person, now) = (session.person_id, session.created_at);
        let mut unit = Unit::new(change)
            .then(
                MAY_SIGN_IN,
                values![person],
                Expect::One(|| StoreError::NotFound),
            )
            .then(
                DELETE_DEAD,
                values![person, now.before(IDLE), now.before(ABSOLUTE)],
                Expect::Any,
            );
        if let Some(hash) = replaces {
            unit = unit.then(DELETE_REPLACED, values![hash.0], Expect::Any);
        }
        let params = values![
            session.hash.0,
            person,
            now,
            session.last_seen_at,
            session.address.as_deref(),
            session.agent.as_deref(),
        ];
        let unit = unit.then(INSERT, params, Expect::NewId);
        self.make(unit).await
    }

    async fn find(&self, hash: SecretHash) -> Result<Option<Session>, StoreError> {
        self.first(Query::new(FIND, values![hash.0]), session).await
    }

    async fn list(&self, person: PersonId) -> Result<Vec<Session>, StoreError> {
        self.all(Query::new(LIST, values![person]), session).await
    }

    async fn touch(&self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        let unit = Unit::untold().then(TOUCH, values![at, id], Expect::Any);
        self.engine.write_later(unit);
        Ok(())
    }

    async fn delete(&self, id: i64, person: PersonId, change: Change) -> Result<(), StoreError> {
        let unit = Unit::new(change).about(id).then(
            DELETE,
            values![id, person],
            Expect::One(|| StoreError::NotFound),
        );
        self.done(unit).await
    }
}

fn session(mut row: Row) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.int()?,
        hash: SecretHash(row.hash()?),
        person_id: row.int()?,
        created_at: row.time()?,
        last_seen_at: row.time()?,
        address: row.optional_text()?,
        agent: row.optional_text()?,
    })
}
