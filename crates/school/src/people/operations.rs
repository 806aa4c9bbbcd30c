//! What may be done to people, and by whom.

use secrecy::SecretString;

use crate::actor::{Actor, Denied};
use crate::audit::{Action, Change};
use crate::field::{FieldError, FieldErrors};
use crate::page::Page;
use crate::password::{Hasher, Overloaded, one_time_password};
use crate::people::{NewPerson, PeopleQuery, Person, PersonId, PersonPatch};
use crate::repeat::{Done, Inserted, Repeat};
use crate::role::Role;
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;

/// Why something could not be done to a person.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Fields are wrong.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// Nobody has this id.
    #[error("there is no such user")]
    NotFound,
    /// Somebody else changed the person since `version` was read.
    #[error("the user was changed by somebody else: read it again")]
    Stale,
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// The store refused or failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for PeopleError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(field) => Self::Invalid(FieldError::new(field, "taken").into()),
            StoreError::NotFound => Self::NotFound,
            StoreError::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

impl From<FieldErrors> for PeopleError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

/// Staff keep members' records; only administrators touch those of staff and of each other.
fn may_keep(actor: &Actor, role: Role) -> Result<(), Denied> {
    let least = if role == Role::Member {
        Role::Staff
    } else {
        Role::Admin
    };
    actor.must_be_writing(least)
}

/// Adds a person, who can't sign in until they are given a password.
///
/// With `repeat`, the same request under the same key answers with the person as they were then.
pub async fn create(
    stores: &Stores,
    actor: &Actor,
    new: NewPerson,
    repeat: Option<Repeat>,
    at: Timestamp,
) -> Result<Done<Person>, PeopleError> {
    may_keep(actor, new.role())?;
    let person = new.into_person(at);
    let change = Change::new(actor, Action::PersonCreate, at).after(&person.picture());
    match stores.people.insert(&person, None, change, repeat).await? {
        Inserted::New(id) => Ok(Done::First(Person { id, ..person })),
        Inserted::Repeated { id, after } => Ok(Done::Repeated(Person::from_picture(id, &after)?)),
    }
}

/// One person: everybody may see themselves, staff may see all.
pub async fn find(stores: &Stores, actor: &Actor, id: PersonId) -> Result<Person, PeopleError> {
    if actor.person() != Some(id) {
        actor.must_be(Role::Staff)?;
    }
    stores.people.find(id).await?.ok_or(PeopleError::NotFound)
}

/// One page of people, for staff.
pub async fn list(
    stores: &Stores,
    actor: &Actor,
    query: &PeopleQuery,
) -> Result<Page<Person>, PeopleError> {
    actor.must_be(Role::Staff)?;
    Ok(stores.people.list(query).await?)
}

/// Changes a person, if they still have `version`.
pub async fn update(
    stores: &Stores,
    actor: &Actor,
    id: PersonId,
    version: Option<i64>,
    patch: &PersonPatch,
    at: Timestamp,
) -> Result<Person, PeopleError> {
    let person = find_to_keep(stores, actor, id, version).await?;
    let next = patch.apply(&person, at)?;
    may_keep(actor, next.role)?;
    let change = Change::new(actor, Action::PersonUpdate, at)
        .before(&person.picture())
        .after(&next.picture());
    stores.people.update(&next, change).await?;
    Ok(next)
}

/// Removes a person, if they still have `version`.
pub async fn delete(
    stores: &Stores,
    actor: &Actor,
    id: PersonId,
    version: Option<i64>,
    at: Timestamp,
) -> Result<(), PeopleError> {
    actor.must_be_writing(Role::Admin)?;
    let person = find_to_keep(stores, actor, id, version).await?;
    let change = Change::new(actor, Action::PersonDelete, at).before(&person.picture());
    Ok(stores.people.delete(id, person.version, change).await?)
}

/// Gives a person a password that they must change when they sign in; it is shown once, here.
pub async fn set_one_time_password(
    stores: &Stores,
    hasher: &Hasher,
    actor: &Actor,
    id: PersonId,
    at: Timestamp,
) -> Result<(Person, SecretString), PeopleError> {
    let password = one_time_password();
    let chosen = ChosenPassword {
        password: password.clone(),
        must_change: true,
    };
    let person = give_password(stores, hasher, actor, id, chosen, at).await?;
    Ok((person, password))
}

/// A password that somebody else chose for a person.
#[derive(Debug, Clone)]
pub struct ChosenPassword {
    /// The password.
    pub password: SecretString,
    /// Whether the person must change it when they sign in.
    pub must_change: bool,
}

/// Gives a person a password that an administrator chose, if it is good enough.
pub async fn set_password(
    stores: &Stores,
    hasher: &Hasher,
    actor: &Actor,
    id: PersonId,
    chosen: ChosenPassword,
    at: Timestamp,
) -> Result<Person, PeopleError> {
    actor.must_be_writing(Role::Admin)?;
    let person = find_to_keep(stores, actor, id, None).await?;
    person
        .check_password(&chosen.password)
        .map_err(FieldErrors::from)?;
    give_password(stores, hasher, actor, id, chosen, at).await
}

async fn give_password(
    stores: &Stores,
    hasher: &Hasher,
    actor: &Actor,
    id: PersonId,
    chosen: ChosenPassword,
    at: Timestamp,
) -> Result<Person, PeopleError> {
    let person = find_to_keep(stores, actor, id, None).await?;
    if person.email.is_none() && person.username.is_none() {
        return Err(FieldErrors::from(FieldError::new("username", "required")).into());
    }
    let hash = hasher.hash(chosen.password).await?;
    let next = Person {
        has_password: true,
        must_change_password: chosen.must_change,
        updated_at: at,
        version: person.version + 1,
        ..person.clone()
    };
    let change = Change::new(actor, Action::PasswordReset, at)
        .before(&person.picture())
        .after(&next.picture());
    stores
        .people
        .update_password(&next, &hash, None, change)
        .await?;
    Ok(next)
}

async fn find_to_keep(
    stores: &Stores,
    actor: &Actor,
    id: PersonId,
    version: Option<i64>,
) -> Result<Person, PeopleError> {
    actor.must_be_writing(Role::Staff)?;
    let person = stores.people.find(id).await?.ok_or(PeopleError::NotFound)?;
    may_keep(actor, person.role)?;
    if version.is_some_and(|version| version != person.version) {
        return Err(PeopleError::Stale);
    }
    Ok(person)
}
