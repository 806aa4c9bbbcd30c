//! API tokens: for programs, shown once, with a scope and an end.

mod operations;

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::audit::Change;
use crate::field::FieldError;
use crate::people::{Person, PersonId};
use crate::secret::SecretHash;
use crate::store_error::StoreError;
use crate::time::Timestamp;

pub use operations::{NewToken, TokenError, create, list, resume, revoke};

/// What every token starts with, so that a scanner finds leaked ones.
pub const PREFIX: &str = "pnd_";
/// The longest life.
pub const MOST_DAYS: u32 = 366;

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Look.
    Read,
    /// Look and change, as its owner may.
    Write,
}

impl Scope {
    /// The word used everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        [Self::Read, Self::Write]
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(FieldError::new("scope", "scope"))
    }
}

/// One token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its number, by which it is revoked.
    pub id: i64,
    /// What the store knows of its secret.
    #[serde(skip)]
    pub hash: SecretHash,
    /// Whose rights it carries.
    pub person_id: PersonId,
    /// What it is for, in its owner's words: 1 to 100 characters.
    pub label: String,
    /// What it may do.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `None` only for the server's own admin token.
    pub expires_at: Option<Timestamp>,
}

/// A token and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The token.
    pub token: Token,
    /// Its owner.
    pub owner: Person,
}

/// Port: tokens. Each write carries its audit entry.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// Adds a token (its `id` is ignored) and answers its id.
    async fn insert(&self, token: &Token, change: Change) -> Result<i64, StoreError>;

    /// The token with this secret and its owner, expired and disabled or not. A change made through this port or the
    /// people's is seen at once, one by another process within a second.
    async fn find(&self, hash: SecretHash) -> Result<Option<Arc<Bearer>>, StoreError>;

    /// A person's tokens, or everybody's, the newest first; at most 1,000.
    async fn list(&self, person: Option<PersonId>) -> Result<Vec<Token>, StoreError>;

    /// Revokes a token; of this person only, if one is named.
    async fn delete(
        &self,
        id: i64,
        person: Option<PersonId>,
        change: Change,
    ) -> Result<(), StoreError>;
}
