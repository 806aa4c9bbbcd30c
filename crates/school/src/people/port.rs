//! The port through which people are kept.

use async_trait::async_trait;

use crate::audit::Change;
use crate::page::{Limit, Page, Start};
use crate::people::{Person, PersonId};
use crate::repeat::{Inserted, Repeat};
use crate::store_error::StoreError;

/// Which people, and how many of them; always by id, ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleQuery {
    /// Only those with this text in a name, the address or the username, whatever its case.
    pub search: Option<String>,
    /// Where the page starts.
    pub start: Start,
    /// How many.
    pub limit: Limit,
}

/// What is needed to check a sign-in.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Who it is.
    pub person: Person,
    /// Their password, hashed (PHC string), if they have one.
    pub password_hash: Option<String>,
}

/// Port: people. Each write is one unit of work: the row, the count, the audit entry, and the remembered request.
#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// Adds a person (their `id` is ignored) with a password hash or none. [`StoreError::Taken`] names `email` or `username`.
    async fn insert(
        &self,
        person: &Person,
        password_hash: Option<&str>,
        change: Change,
        repeat: Option<Repeat>,
    ) -> Result<Inserted, StoreError>;

    /// The person with this id.
    async fn find(&self, id: PersonId) -> Result<Option<Person>, StoreError>;

    /// The person who signs in with this name: [`crate::people::login_key`] of an address or a username.
    async fn find_login(&self, key: &str) -> Result<Option<Credentials>, StoreError>;

    /// One page. The total is known where there is no search.
    async fn list(&self, query: &PeopleQuery) -> Result<Page<Person>, StoreError>;

    /// Writes `person` over the row that has its id and the version before (`person.version - 1`), else
    /// [`StoreError::Stale`], or [`StoreError::NotFound`] if they are gone.
    /// Sessions of a person who becomes disabled end in the same unit of work.
    async fn update(&self, person: &Person, change: Change) -> Result<(), StoreError>;

    /// As `update`, with a new password hash. Their other sessions end in the same unit of work: all but `keep_session`.
    async fn update_password(
        &self,
        person: &Person,
        password_hash: &str,
        keep_session: Option<i64>,
        change: Change,
    ) -> Result<(), StoreError>;

    /// Removes the person of this id and version, with their sessions and tokens; fails as `update` does.
    /// Messages stay, without the author.
    async fn delete(&self, id: PersonId, version: i64, change: Change) -> Result<(), StoreError>;
}
