//! The port of API tokens, in SQL.

use std::sync::Arc;

use async_trait::async_trait;
use school::secret::SecretHash;
use school::tokens::{Bearer, Scope, Token, TokenStore};
use school::{Change, PersonId, StoreError, Timestamp};

use crate::engine::{Engine, Query, Sql};
use crate::people::person;
use crate::unit::{Expect, Unit};
use crate::value::{Row, corrupt, values};

macro_rules! select {
    ($after:literal) => {
        concat!(
            "SELECT id, hash, person_id, label, scope, created_at, expires_at FROM token ",
            $after
        )
    };
}

const FIND: &str = "SELECT token.id, hash, person_id, label, scope, token.created_at, expires_at, \
    person.id, first_name, last_name, email, username, role, is_disabled, \
    CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END, must_change_password, \
    person.created_at, updated_at, version \
    FROM token JOIN person ON person.id = person_id WHERE hash = $1";
const LIST: &str = select!("ORDER BY id DESC LIMIT 1000");
const LIST_OF: &str = select!("WHERE person_id = $1 ORDER BY id DESC LIMIT 1000");
const INSERT: &str = "INSERT INTO token (hash, person_id, label, scope, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
const DELETE: &str = "DELETE FROM token WHERE id = $1";
const DELETE_OF: &str = "DELETE FROM token WHERE id = $1 AND person_id = $2";

#[async_trait]
impl<E: Engine> TokenStore for Sql<E> {
    async fn insert(&self, token: &Token, change: Change) -> Result<i64, StoreError> {
        let params = values![
            token.hash.0,
            token.person_id,
            token.label.as_str(),
            token.scope.as_str(),
            token.created_at,
            token.expires_at,
        ];
        let unit = Unit::new(change).then(INSERT, params, Expect::NewId);
        self.make(unit).await
    }

    async fn find(&self, hash: SecretHash) -> Result<Option<Arc<Bearer>>, StoreError> {
        let moment = match self.recent.find(&hash) {
            Ok(bearer) => return Ok(Some(bearer)),
            Err(moment) => moment,
        };
        let found = self.first(Query::new(FIND, values![hash.0]), bearer);
        let found = found.await?.map(Arc::new);
        if let Some(bearer) = &found {
            self.recent.keep(moment, bearer);
        }
        Ok(found)
    }

    async fn list(&self, person: Option<PersonId>) -> Result<Vec<Token>, StoreError> {
        let query = match person {
            None => Query::new(LIST, values![]),
            Some(person) => Query::new(LIST_OF, values![person]),
        };
        self.all(query, |mut row| token(&mut row)).await
    }

    async fn delete(
        &self,
        id: i64,
        person: Option<PersonId>,
        change: Change,
    ) -> Result<(), StoreError> {
        let gone = Expect::One(|| StoreError::NotFound);
        let unit = Unit::new(change).about(id);
        let unit = match person {
            None => unit.then(DELETE, values![id], gone),
            Some(person) => unit.then(DELETE_OF, values![id, person], gone),
        };
        self.done(unit).await
    }
}

fn bearer(mut row: Row) -> Result<Bearer, StoreError> {
    Ok(Bearer {
        token: token(&mut row)?,
        owner: person(&mut row)?,
    })
}

fn token(row: &mut Row) -> Result<Token, StoreError> {
    Ok(Token {
        id: row.int()?,
        hash: SecretHash(row.hash()?),
        person_id: row.int()?,
        label: row.text()?,
        scope: Scope::parse(&row.text()?).map_err(|_| corrupt("a token has an unknown scope"))?,
        created_at: row.time()?,
        expires_at: row.optional_int()?.map(Timestamp),
    })
}
