//! What may be done with tokens, and by whom.

use std::sync::Arc;
use std::time::Duration;

use super::{Bearer, MOST_DAYS, PREFIX, Scope, Token};
use crate::actor::{Actor, Denied};
use crate::audit::{Action, Change};
use crate::field::{FieldError, FieldErrors, text};
use crate::people::PersonId;
use crate::reading::newest;
use crate::role::Role;
use crate::secret::{Secret, SecretHash};
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;

const DAY: Duration = Duration::from_hours(24);

/// Why something could not be done with tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Fields are wrong.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// There is no such token, or no such owner.
    #[error("there is no such token or person")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for TokenError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose rights it carries: the actor's own, unless an administrator at the console says otherwise.
    pub person_id: PersonId,
    /// What it is for.
    pub label: String,
    /// What it may do.
    pub scope: Scope,
    /// Its life in days, 1 to 366; `None` without end, which only the console may grant.
    pub days: Option<u32>,
}

/// Makes a token; its secret is shown once, here.
pub async fn create(
    stores: &Stores,
    actor: &Actor,
    new: NewToken,
    at: Timestamp,
) -> Result<(Token, Secret), TokenError> {
    actor.must_be_writing(if actor.person() == Some(new.person_id) {
        Role::Member
    } else {
        Role::Admin
    })?;
    let token = check(actor, &new, at).map_err(TokenError::Invalid)?;
    stores
        .people
        .find(new.person_id)
        .await?
        .ok_or(TokenError::NotFound)?;
    let secret = Secret::with_prefix(PREFIX);
    let token = Token {
        hash: secret.hash(),
        ..token
    };
    let change = Change::new(actor, Action::TokenCreate, at).after(&token);
    let id = stores.tokens.insert(&token, change).await?;
    Ok((Token { id, ..token }, secret))
}

fn check(actor: &Actor, new: &NewToken, at: Timestamp) -> Result<Token, FieldErrors> {
    let mut errors = FieldErrors::default();
    let label = errors.take(text("label", &new.label, 100));
    let is_allowed = match new.days {
        Some(days) => (1..=MOST_DAYS).contains(&days),
        None => *actor == Actor::console(),
    };
    if !is_allowed {
        errors.0.push(FieldError::new("days", "expiry"));
    }
    errors.none()?;
    Ok(Token {
        id: 0,
        hash: SecretHash([0; 32]),
        person_id: new.person_id,
        label: label.unwrap_or_default(),
        scope: new.scope,
        created_at: at,
        expires_at: new.days.map(|days| at.after(DAY * days)),
    })
}

/// The token and its owner behind a presented secret; `None` if it is not, or no longer, good.
pub async fn resume(
    stores: &Stores,
    secret: &str,
    at: Timestamp,
) -> Result<Option<Arc<Bearer>>, StoreError> {
    if !secret.starts_with(PREFIX) {
        return Ok(None);
    }
    // A revoked one is so at once, however far a copy lags.
    let found = newest(stores.tokens.find(SecretHash::of(secret))).await?;
    Ok(found.filter(|bearer| {
        let is_alive = bearer.token.expires_at.is_none_or(|end| at < end);
        is_alive && !bearer.owner.is_disabled
    }))
}

/// Tokens: one's own, or for administrators everybody's.
pub async fn list(
    stores: &Stores,
    actor: &Actor,
    person: Option<PersonId>,
) -> Result<Vec<Token>, TokenError> {
    let is_own = person.is_some() && actor.person() == person;
    actor.must_be(if is_own { Role::Member } else { Role::Admin })?;
    Ok(stores.tokens.list(person).await?)
}

/// Revokes a token: one's own, or for administrators anybody's.
pub async fn revoke(
    stores: &Stores,
    actor: &Actor,
    id: i64,
    at: Timestamp,
) -> Result<(), TokenError> {
    actor.must_be_writing(Role::Member)?;
    let person = if actor.role == Some(Role::Admin) {
        None
    } else {
        actor.person()
    };
    Ok(stores
        .tokens
        .delete(id, person, Change::new(actor, Action::TokenRevoke, at))
        .await?)
}
