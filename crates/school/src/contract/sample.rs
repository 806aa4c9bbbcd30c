//! People, sessions, tokens and messages to try things with.

use crate::actor::Actor;
use crate::audit::{Action, Change};
use crate::messages::Message;
use crate::page::{Limit, Page, Start};
use crate::people::{PeopleQuery, Person, PersonId};
use crate::repeat::Inserted;
use crate::role::Role;
use crate::secret::SecretHash;
use crate::sessions::Session;
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;
use crate::tokens::{Scope, Token};

/// When everything happens: 2026-11-20 12:00 UTC.
pub(super) const NOON: Timestamp = Timestamp(1_795_176_000_000_000);
/// A text of the form of a password's hash.
pub(super) const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";

pub(super) fn change(action: Action) -> Change {
    change_at(action, NOON)
}

pub(super) fn change_at(action: Action, at: Timestamp) -> Change {
    Change::new(&Actor::console(), action, at)
}

/// A member with this first name and nothing else.
pub(super) fn person(first_name: &str) -> Person {
    Person {
        id: 0,
        first_name: first_name.to_owned(),
        last_name: "Wijaya".to_owned(),
        email: None,
        username: None,
        role: Role::Member,
        is_disabled: false,
        has_password: false,
        must_change_password: false,
        created_at: NOON,
        updated_at: NOON,
        version: 1,
    }
}

pub(super) fn with_email(email: &str) -> Person {
    Person {
        email: Some(email.to_owned()),
        ..person("Ani")
    }
}

/// The person after a change: the next version.
pub(super) fn next(person: &Person) -> Person {
    Person {
        version: person.version + 1,
        ..person.clone()
    }
}

pub(super) fn disabled(person: &Person) -> Person {
    Person {
        is_disabled: true,
        ..next(person)
    }
}

pub(super) async fn try_add(stores: &Stores, person: &Person) -> Result<Inserted, StoreError> {
    let change = change(Action::PersonCreate);
    stores.people.insert(person, None, change, None).await
}

/// Adds the person; answers them as they must be found.
pub(super) async fn add(stores: &Stores, person: &Person) -> Person {
    let inserted = try_add(stores, person).await;
    Person {
        id: new_id(&inserted.expect("the person is new")),
        ..person.clone()
    }
}

/// Adds an administrator who can sign in.
pub(super) async fn add_admin(stores: &Stores) -> Person {
    let admin = Person {
        role: Role::Admin,
        ..person("Admin")
    };
    let change = change(Action::PersonCreate);
    let inserted = stores.people.insert(&admin, Some(HASH), change, None);
    Person {
        id: new_id(&inserted.await.expect("the administrator is new")),
        has_password: true,
        ..admin
    }
}

pub(super) async fn remove(stores: &Stores, person: &Person) -> Result<(), StoreError> {
    let change = change(Action::PersonDelete);
    stores
        .people
        .delete(person.id, person.version, change)
        .await
}

pub(super) async fn update(stores: &Stores, person: &Person) -> Result<(), StoreError> {
    let change = change(Action::PersonUpdate);
    stores.people.update(person, change).await
}

pub(super) async fn find(stores: &Stores, id: PersonId) -> Option<Person> {
    stores
        .people
        .find(id)
        .await
        .expect("the store finds people")
}

pub(super) async fn list(
    stores: &Stores,
    search: Option<&str>,
    start: Start,
    rows: u64,
) -> Page<Person> {
    let query = PeopleQuery {
        search: search.map(str::to_owned),
        start,
        limit: limit(rows),
    };
    let listed = stores.people.list(&query).await;
    listed.expect("the store lists people")
}

pub(super) async fn total(stores: &Stores) -> Option<u64> {
    list(stores, None, Start::Offset(0), 1).await.total
}

pub(super) fn limit(rows: u64) -> Limit {
    Limit::new(rows).expect("1 to 200 rows are asked for")
}

pub(super) fn new_id(inserted: &Inserted) -> i64 {
    match inserted {
        Inserted::New(id) => *id,
        Inserted::Repeated { .. } => panic!("nothing was asked for twice"),
    }
}

/// The digest of a secret that only this number has.
pub(super) fn hash(number: u64) -> SecretHash {
    SecretHash::of(&number.to_string())
}

/// A session that is used for the first time.
pub(super) fn session(person: PersonId, secret: u64, at: Timestamp) -> Session {
    Session {
        id: 0,
        hash: hash(secret),
        person_id: person,
        created_at: at,
        last_seen_at: at,
        address: Some("2001:db8::1".to_owned()),
        agent: Some("Peramban/1.0 \u{1F4DA}".to_owned()),
    }
}

/// Adds the session; answers it as it must be found.
pub(super) async fn sign_in(stores: &Stores, session: Session) -> Session {
    let change = change(Action::SessionStart);
    let id = stores.sessions.insert(&session, None, change).await;
    Session {
        id: id.expect("the session is new"),
        ..session
    }
}

pub(super) fn token(person: PersonId, secret: u64) -> Token {
    Token {
        id: 0,
        hash: hash(secret),
        person_id: person,
        label: "rapor \u{1F4DA}".to_owned(),
        scope: Scope::Write,
        created_at: NOON,
        expires_at: Some(Timestamp(NOON.0 + 1)),
    }
}

/// Adds the token; answers it as it must be found.
pub(super) async fn add_token(stores: &Stores, token: Token) -> Token {
    let change = change(Action::TokenCreate);
    let id = stores.tokens.insert(&token, change).await;
    Token {
        id: id.expect("the token is new"),
        ..token
    }
}

pub(super) fn message(text: &str) -> Message {
    Message {
        id: 0,
        message: text.to_owned(),
        name: None,
        person_id: None,
        created_at: NOON,
    }
}

/// Posts the message; answers it as it must be found.
pub(super) async fn post(stores: &Stores, message: Message) -> Message {
    let change = change(Action::MessagePost);
    let inserted = stores.messages.insert(&message, change, None).await;
    Message {
        id: new_id(&inserted.expect("the message is new")),
        ..message
    }
}

pub(super) async fn messages(stores: &Stores, before: Option<i64>, rows: u64) -> Page<Message> {
    let listed = stores.messages.list(before, limit(rows)).await;
    listed.expect("the store lists messages")
}

pub(super) fn ids(people: &[Person]) -> Vec<PersonId> {
    people.iter().map(|person| person.id).collect()
}
