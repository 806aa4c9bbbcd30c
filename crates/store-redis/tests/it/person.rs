//! People, sessions and messages to try things with.

use school::audit::Action;
use school::messages::{MessageInput, Posting, post};
use school::page::Limit;
use school::people::{PersonInput, create};
use school::secret::SecretHash;
use school::sessions::Session;
use school::{Actor, Change, Done, Person, Repeat, StoreError, Stores, Timestamp};

/// 2026-11-20 12:00 UTC.
pub(crate) const NOON: Timestamp = Timestamp(1_795_176_000_000_000);

pub(crate) fn change(action: Action) -> Change {
    Change::new(&Actor::console(), action, NOON)
}

pub(crate) async fn add(stores: &Stores, name: &str) -> Person {
    let input = PersonInput {
        first_name: name.to_owned(),
        last_name: "Wijaya".to_owned(),
        ..PersonInput::default()
    };
    let new = input.check().unwrap();
    let made = create(stores, &Actor::console(), new, None, NOON).await;
    made.unwrap().into_object()
}

pub(crate) fn disabled(person: &Person) -> Person {
    Person {
        is_disabled: true,
        version: person.version + 1,
        ..person.clone()
    }
}

pub(crate) fn hash(number: u64) -> SecretHash {
    SecretHash::of(&number.to_string())
}

/// Signs a person in with a secret that only this number has; answers the session's number.
pub(crate) async fn sign_in(
    stores: &Stores,
    person: &Person,
    secret: u64,
) -> Result<i64, StoreError> {
    let session = Session {
        id: 0,
        hash: hash(secret),
        person_id: person.id,
        created_at: NOON,
        last_seen_at: NOON,
        address: None,
        agent: None,
    };
    let change = change(Action::SessionStart);
    stores.sessions.insert(&session, None, change).await
}

/// Posts a message under a key, as a client does who sends an `Idempotency-Key`.
pub(crate) async fn ask(stores: &Stores, text: &str) -> Result<Done<i64>, StoreError> {
    let repeat = Repeat::new("visitor".to_owned(), text, &[text.as_bytes()], NOON);
    let input = MessageInput {
        message: text.to_owned(),
        name: None,
    };
    let new = input.check().unwrap();
    let visitor = Actor::console();
    match post(stores, &visitor, Posting::Open, new, repeat, NOON).await {
        Ok(Done::First(message)) => Ok(Done::First(message.id)),
        Ok(Done::Repeated(message)) => Ok(Done::Repeated(message.id)),
        Err(school::messages::MessageError::Store(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

/// Asks again and again, as long as the answer is that the store is away.
pub(crate) async fn insist(stores: &Stores, text: &str) -> Done<i64> {
    loop {
        match ask(stores, text).await {
            Ok(done) => return done,
            Err(StoreError::Unavailable(_)) => tokio::task::yield_now().await,
            Err(other) => panic!("{other}"),
        }
    }
}

/// What all messages say, the newest first; at most 200.
pub(crate) async fn texts(stores: &Stores) -> Vec<String> {
    let limit = Limit::new(200).unwrap();
    let page = stores.messages.list(None, limit).await.unwrap();
    page.rows.into_iter().map(|row| row.message).collect()
}
