//! Sessions of browsers: a random secret in a cookie, its digest in the store, an end in sight.

mod operations;

use std::time::Duration;

use async_trait::async_trait;

use crate::audit::Change;
use crate::people::PersonId;
use crate::secret::SecretHash;
use crate::store_error::StoreError;
use crate::time::Timestamp;

pub use operations::{
    PasswordChange, SessionError, SignIn, actor, change_password, end_own, list_own, resume,
    sign_in,
};

/// A session that nobody used for so long has ended.
pub const IDLE: Duration = Duration::from_hours(12);
/// A session ends after so long, however much it is used.
pub const ABSOLUTE: Duration = Duration::from_hours(14 * 24);

/// One session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its number, by which its owner ends it.
    pub id: i64,
    /// What the store knows of its secret.
    pub hash: SecretHash,
    /// Whose it is.
    pub person_id: PersonId,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// From where they signed in.
    pub address: Option<String>,
    /// The browser, as it calls itself: at most 256 characters.
    pub agent: Option<String>,
}

impl Session {
    /// Whether it is still good at `now`.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now.since(self.last_seen_at) < IDLE && now.since(self.created_at) < ABSOLUTE
    }
}

/// Port: sessions. Writes that matter carry their audit entry.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Adds a session (its `id` is ignored) and answers its id; those of the person that are no longer alive at
    /// `created_at`, and the session with the hash `replaces`, go in the same unit of work.
    async fn insert(
        &self,
        session: &Session,
        replaces: Option<SecretHash>,
        change: Change,
    ) -> Result<i64, StoreError>;

    /// The session with this secret, alive or not.
    async fn find(&self, hash: SecretHash) -> Result<Option<Session>, StoreError>;

    /// A person's sessions, the last used first.
    async fn list(&self, person: PersonId) -> Result<Vec<Session>, StoreError>;

    /// Notes that a session was used. May be lost in a crash.
    async fn touch(&self, id: i64, at: Timestamp) -> Result<(), StoreError>;

    /// Ends a session of this person.
    async fn delete(&self, id: i64, person: PersonId, change: Change) -> Result<(), StoreError>;
}
