//! The port of people where sessions are kept here: what changes a person so that their sessions end, ends them.

use std::sync::Arc;

use async_trait::async_trait;
use school::page::Page;
use school::people::{Credentials, PeopleQuery, PeopleStore};
use school::{Change, Inserted, Person, PersonId, Repeat, StoreError};
use tracing::warn;

use crate::endings::{Ending, Endings};

/// People in the records, whose sessions are elsewhere.
pub(crate) struct People {
    pub(crate) records: Arc<dyn PeopleStore>,
    pub(crate) endings: Endings,
}

impl People {
    /// Does it, and ends sessions if it was done.
    async fn ending(
        &self,
        ending: Ending,
        done: impl Future<Output = Result<(), StoreError>>,
    ) -> Result<(), StoreError> {
        let ticket = self.endings.begin(ending).await?;
        let done = done.await;
        let settled = match &done {
            Ok(()) => self.endings.end(ending, &ticket).await,
            // Nobody knows what became of it; the note says it to whoever asks.
            Err(StoreError::Unavailable(_) | StoreError::Corrupt(_)) => Ok(()),
            Err(_) => self.endings.drop(ending, &ticket).await,
        };
        if let Err(error) = settled {
            warn!(%error, person = ending.person, "sessions end as soon as their store is back");
        }
        done
    }
}

#[async_trait]
impl PeopleStore for People {
    async fn insert(
        &self,
        person: &Person,
        password_hash: Option<&str>,
        change: Change,
        repeat: Option<Repeat>,
    ) -> Result<Inserted, StoreError> {
        self.records
            .insert(person, password_hash, change, repeat)
            .await
    }

    async fn find(&self, id: PersonId) -> Result<Option<Person>, StoreError> {
        self.records.find(id).await
    }

    async fn find_login(&self, key: &str) -> Result<Option<Credentials>, StoreError> {
        self.records.find_login(key).await
    }

    async fn list(&self, query: &PeopleQuery) -> Result<Page<Person>, StoreError> {
        self.records.list(query).await
    }

    async fn update(&self, person: &Person, change: Change) -> Result<(), StoreError> {
        let done = self.records.update(person, change);
        if !person.is_disabled {
            return done.await;
        }
        let ending = Ending {
            person: person.id,
            version: Some(person.version),
            keep: None,
        };
        self.ending(ending, done).await
    }

    async fn update_password(
        &self,
        person: &Person,
        password_hash: &str,
        keep_session: Option<i64>,
        change: Change,
    ) -> Result<(), StoreError> {
        let ending = Ending {
            person: person.id,
            version: Some(person.version),
            keep: keep_session.filter(|_| !person.is_disabled),
        };
        let done = self
            .records
            .update_password(person, password_hash, keep_session, change);
        self.ending(ending, done).await
    }

    async fn delete(&self, id: PersonId, version: i64, change: Change) -> Result<(), StoreError> {
        let ending = Ending {
            person: id,
            version: None,
            keep: None,
        };
        self.ending(ending, self.records.delete(id, version, change))
            .await
    }
}
