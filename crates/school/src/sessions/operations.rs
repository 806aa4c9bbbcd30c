//! Signing in and out, and changing one's own password.

use std::net::IpAddr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::Session;
use crate::actor::{Actor, Denied, Who};
use crate::audit::{Action, Change};
use crate::field::FieldError;
use crate::password::{Hasher, Overloaded};
use crate::people::{Person, login_key};
use crate::reading::newest;
use crate::role::Role;
use crate::secret::{Secret, SecretHash};
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;

/// Use is noted this often at most.
const TOUCHED_EVERY: Duration = Duration::from_mins(1);

/// What somebody types in to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// E-mail address or username.
    pub login: String,
    /// Password.
    pub password: SecretString,
    /// The browser, as it calls itself.
    pub agent: Option<String>,
    /// The session that the browser had before, which ends: a secret that somebody planted is worth nothing.
    pub replaces: Option<SecretHash>,
}

/// Why somebody could not sign in, or be let in by a secret.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Unknown, disabled, without a password, or the wrong one: the same answer for all.
    #[error("the name or the password is wrong")]
    Wrong,
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The new password is no good.
    #[error("{0}")]
    Invalid(FieldError),
    /// There is no such session.
    #[error("there is no such session")]
    NotFound,
    /// Too many are signing in.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// Signs somebody in: a new session, whose secret goes into the cookie.
pub async fn sign_in(
    stores: &Stores,
    hasher: &Hasher,
    visitor: &Actor,
    input: SignIn,
    at: Timestamp,
) -> Result<(Secret, Person), SessionError> {
    let credentials = stores.people.find_login(&login_key(&input.login)).await?;
    let (person, hash) = credentials.map_or((None, None), |found| {
        (Some(found.person), found.password_hash)
    });
    let is_right = hasher.verify(input.password, hash).await?;
    let person = person
        .filter(|person| is_right && !person.is_disabled)
        .ok_or(SessionError::Wrong)?;
    let secret = Secret::random();
    let session = Session {
        id: 0,
        hash: secret.hash(),
        person_id: person.id,
        created_at: at,
        last_seen_at: at,
        address: visitor.address.map(|address| address.to_string()),
        agent: input.agent.map(|agent| {
            agent
                .chars()
                .filter(|c| !c.is_control())
                .take(256)
                .collect()
        }),
    };
    let actor = Actor {
        who: Who::Person(person.id),
        role: Some(person.role),
        ..visitor.clone()
    };
    stores
        .sessions
        .insert(
            &session,
            input.replaces,
            Change::new(&actor, Action::SessionStart, at),
        )
        .await?;
    Ok((secret, person))
}

/// The session and the person behind a cookie's secret; `None` if it is not, or no longer, good.
pub async fn resume(
    stores: &Stores,
    secret: &str,
    at: Timestamp,
) -> Result<Option<(Session, Person)>, StoreError> {
    // Who is signed out or disabled is so at once, however far a copy lags.
    let find = newest(stores.sessions.find(SecretHash::of(secret)));
    let Some(session) = find.await? else {
        return Ok(None);
    };
    if !session.is_alive(at) {
        return Ok(None);
    }
    let person = newest(stores.people.find(session.person_id)).await?;
    let Some(person) = person.filter(|person| !person.is_disabled) else {
        return Ok(None);
    };
    if at.since(session.last_seen_at) >= TOUCHED_EVERY {
        stores.sessions.touch(session.id, at).await?;
    }
    Ok(Some((session, person)))
}

/// The actor's own sessions that are alive.
pub async fn list_own(
    stores: &Stores,
    actor: &Actor,
    at: Timestamp,
) -> Result<Vec<Session>, SessionError> {
    let person = actor.person().ok_or(Denied::SignIn)?;
    let mut sessions = stores.sessions.list(person).await?;
    sessions.retain(|session| session.is_alive(at));
    Ok(sessions)
}

/// Ends one of the actor's own sessions.
pub async fn end_own(
    stores: &Stores,
    actor: &Actor,
    id: i64,
    at: Timestamp,
) -> Result<(), SessionError> {
    actor.must_be_writing(Role::Member)?;
    let person = actor.person().ok_or(Denied::SignIn)?;
    Ok(stores
        .sessions
        .delete(id, person, Change::new(actor, Action::SessionEnd, at))
        .await?)
}

/// Changes the actor's own password; every session but `keep` ends.
pub async fn change_password(
    stores: &Stores,
    hasher: &Hasher,
    actor: &Actor,
    change: PasswordChange,
    at: Timestamp,
) -> Result<(), SessionError> {
    actor.must_be_writing(Role::Member)?;
    let id = actor.person().ok_or(Denied::SignIn)?;
    let person = stores
        .people
        .find(id)
        .await?
        .ok_or(SessionError::NotFound)?;
    let key = login_key(
        person
            .email
            .as_deref()
            .or(person.username.as_deref())
            .unwrap_or_default(),
    );
    let hash = stores
        .people
        .find_login(&key)
        .await?
        .and_then(|found| found.password_hash);
    if !hasher.verify(change.old.clone(), hash).await? {
        return Err(SessionError::Invalid(FieldError::new(
            "old_password",
            "password_wrong",
        )));
    }
    check_new(&change, &person).map_err(SessionError::Invalid)?;
    let hash = hasher.hash(change.new).await?;
    let next = Person {
        must_change_password: false,
        has_password: true,
        updated_at: at,
        version: person.version + 1,
        ..person.clone()
    };
    let entry = Change::new(actor, Action::PasswordChange, at)
        .before(&person.picture())
        .after(&next.picture());
    Ok(stores
        .people
        .update_password(&next, &hash, change.keep, entry)
        .await?)
}

/// A new password for oneself.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// The one in force.
    pub old: SecretString,
    /// The one that shall be.
    pub new: SecretString,
    /// The session that goes on.
    pub keep: Option<i64>,
}

fn check_new(change: &PasswordChange, person: &Person) -> Result<(), FieldError> {
    if change.old.expose_secret() == change.new.expose_secret() {
        return Err(FieldError::new("password", "password_same"));
    }
    person.check_password(&change.new)
}

/// The actor behind a session: until a one-time password is changed, nothing else may be done with it.
pub fn actor(person: &Person, address: Option<IpAddr>, request_id: Option<String>) -> Actor {
    Actor {
        who: Who::Person(person.id),
        role: Some(person.role),
        may_write: true,
        address,
        request_id,
    }
}
