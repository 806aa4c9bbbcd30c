//! The cache of people: near, in the memory of each process, and told by the others of what they change.
//!
//! A person is kept for less than a second, so that none is older even when news are lost; and only while news come at
//! all. The server carries news rather than copies: asking it for a copy costs what asking the records costs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use redis::cmd;
use school::page::Page;
use school::people::{Credentials, PeopleQuery, PeopleStore};
use school::reading::newest;
use school::{Change, Inserted, Person, PersonId, Repeat, StoreError};
use tokio::time::timeout;
use tracing::debug;

use crate::keys;
use crate::shared::Shared;

/// Counted from before the person was read.
const KEPT: Duration = Duration::from_millis(900);
/// More are not asked for at a time; then all are forgotten.
const MOST: usize = 4096;

/// A change does not wait for longer until others are told.
const TOLD_WITHIN: Duration = Duration::from_millis(250);

/// People who were read a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Near {
    /// Whether news come.
    is_told: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many changes there were: what was read before one is not kept after it.
    changes: u64,
    people: HashMap<PersonId, (Instant, Person)>,
}

impl Near {
    /// The person, or the number of changes at which they were not known.
    fn find(&self, id: PersonId) -> Result<Person, u64> {
        let state = self.lock();
        match state.people.get(&id) {
            Some((since, person)) if self.is_told() && since.elapsed() < KEPT => Ok(person.clone()),
            _ => Err(state.changes),
        }
    }

    fn keep(&self, changes: u64, since: Instant, person: &Person) {
        let mut state = self.lock();
        if changes != state.changes || !self.is_told() {
            return;
        }
        if state.people.len() >= MOST {
            state.people.clear();
        }
        state.people.insert(person.id, (since, person.clone()));
    }

    pub(crate) fn forget(&self, id: PersonId) {
        let mut state = self.lock();
        state.changes += 1;
        state.people.remove(&id);
    }

    /// News come from now on, or no more: then nothing is kept.
    pub(crate) fn set_told(&self, is_told: bool) {
        self.is_told.store(is_told, Ordering::Relaxed);
        let mut state = self.lock();
        state.changes += 1;
        state.people.clear();
    }

    fn is_told(&self) -> bool {
        self.is_told.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// People in the records, and those who were asked for a moment ago near.
pub(crate) struct NearPeople {
    pub(crate) records: Arc<dyn PeopleStore>,
    pub(crate) near: Arc<Near>,
    pub(crate) shared: Arc<Shared>,
}

impl NearPeople {
    /// Does it, and tells everybody, whatever came of it: what was lost may have been done.
    async fn changing(
        &self,
        id: PersonId,
        done: impl Future<Output = Result<(), StoreError>>,
    ) -> Result<(), StoreError> {
        let done = done.await;
        self.near.forget(id);
        let mut publish = cmd("PUBLISH");
        publish.arg(keys::NEWS).arg(id);
        let told = timeout(TOLD_WITHIN, self.shared.ask::<i64>(&publish)).await;
        if !matches!(told, Ok(Ok(_))) {
            debug!(
                ?told,
                "others learn of a change within a second by themselves"
            );
        }
        done
    }
}

#[async_trait]
impl PeopleStore for NearPeople {
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
        let changes = match self.near.find(id) {
            Ok(person) => return Ok(Some(person)),
            Err(changes) => changes,
        };
        let since = Instant::now();
        // What is kept counts its second from a server that is in charge.
        let found = newest(self.records.find(id)).await?;
        if let Some(person) = &found {
            self.near.keep(changes, since, person);
        }
        Ok(found)
    }

    async fn find_login(&self, key: &str) -> Result<Option<Credentials>, StoreError> {
        self.records.find_login(key).await
    }

    async fn list(&self, query: &PeopleQuery) -> Result<Page<Person>, StoreError> {
        self.records.list(query).await
    }

    async fn update(&self, person: &Person, change: Change) -> Result<(), StoreError> {
        self.changing(person.id, self.records.update(person, change))
            .await
    }

    async fn update_password(
        &self,
        person: &Person,
        password_hash: &str,
        keep_session: Option<i64>,
        change: Change,
    ) -> Result<(), StoreError> {
        let done = self
            .records
            .update_password(person, password_hash, keep_session, change);
        self.changing(person.id, done).await
    }

    async fn delete(&self, id: PersonId, version: i64, change: Change) -> Result<(), StoreError> {
        self.changing(id, self.records.delete(id, version, change))
            .await
    }
}
