//! Requests that are sent twice under one key.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use std::collections::HashSet;
use std::time::Duration;

use crate::actor::Actor;
use crate::audit::{Action, Change};
use crate::contract::crowd::{CROWD, crowd};
use crate::contract::sample::{
    NOON, add, change, message, messages, person, remove, total, with_email,
};
use crate::people::Person;
use crate::repeat::{Inserted, KEPT, Repeat};
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;

fn repeat(caller: &str, key: &str, request: &str, at: Timestamp) -> Repeat {
    let repeat = Repeat::new(caller.to_owned(), key, &[request.as_bytes()], at);
    repeat.expect("the key is visible ASCII")
}

async fn send(stores: &Stores, person: &Person, repeat: Repeat) -> Result<Inserted, StoreError> {
    let change = Change::new(&Actor::console(), Action::PersonCreate, repeat.at);
    let change = change.after(&person.first_name);
    stores
        .people
        .insert(person, None, change, Some(repeat))
        .await
}

fn again(first: &Inserted, after: &str) -> Inserted {
    match first {
        Inserted::New(id) => Inserted::Repeated {
            id: *id,
            after: after.to_owned(),
        },
        Inserted::Repeated { .. } => panic!("the first request is no repetition"),
    }
}

pub async fn a_request_sent_twice_is_done_once(stores: &Stores) {
    let ani = with_email("ani@sekolah.example");
    let first = send(stores, &ani, repeat("person:1", "k", "r", NOON)).await;
    let first = first.expect("the request is new");
    let trail = stores.audit.walk(0, 10).await.ok();
    // Whatever became of the object, the answer is that of the first time.
    for late in [0, 1, 60 * 60 * 24 - 1] {
        let at = NOON.after(Duration::from_secs(late));
        let other = person("Another");
        let second = send(stores, &other, repeat("person:1", "k", "r", at)).await;
        assert_eq!(
            second.expect("the request is known"),
            again(&first, "\"Ani\"")
        );
    }
    assert_eq!(total(stores).await, Some(1));
    assert_eq!(stores.audit.walk(0, 10).await.ok(), trail);
}

pub async fn a_key_used_for_another_request_is_refused(stores: &Stores) {
    let first = send(stores, &person("Ani"), repeat("person:1", "k", "r", NOON)).await;
    first.expect("the request is new");
    let other = send(stores, &person("Budi"), repeat("person:1", "k", "s", NOON)).await;
    assert!(matches!(other, Err(StoreError::KeyReused)), "{other:?}");
    let key = send(stores, &person("Budi"), repeat("person:1", "K", "r", NOON)).await;
    assert!(matches!(key, Ok(Inserted::New(_))), "a key's case counts");
    assert_eq!(total(stores).await, Some(2));
}

pub async fn two_callers_may_use_the_same_key(stores: &Stores) {
    for caller in ["person:1", "person:11", "visitor", "anyone"] {
        let sent = send(stores, &person("Ani"), repeat(caller, "k", caller, NOON)).await;
        assert!(matches!(sent, Ok(Inserted::New(_))), "{caller}: {sent:?}");
    }
}

pub async fn a_key_is_forgotten_after_a_day(stores: &Stores) {
    let first = send(stores, &person("Ani"), repeat("person:1", "k", "r", NOON)).await;
    let first = first.expect("the request is new");
    let next_day = NOON.after(KEPT);
    let second = send(
        stores,
        &person("Budi"),
        repeat("person:1", "k", "s", next_day),
    )
    .await;
    let second = second.expect("the key is forgotten");
    assert!(matches!(second, Inserted::New(_)) && second != first);
    let third = send(
        stores,
        &person("Citra"),
        repeat("person:1", "k", "s", next_day),
    )
    .await;
    assert_eq!(
        third.expect("the request is known"),
        again(&second, "\"Budi\"")
    );
}

pub async fn of_many_requests_with_one_key_one_is_done(stores: &Stores) {
    let answers = crowd(|_| {
        let stores = stores.clone();
        async move {
            let repeat = repeat("person:1", "k", "r", NOON);
            send(&stores, &person("Ani"), repeat).await
        }
    })
    .await;
    let answers: Vec<Inserted> = answers.into_iter().flatten().collect();
    assert_eq!(answers.len(), CROWD, "each is answered");
    let new = answers
        .iter()
        .filter(|answer| matches!(answer, Inserted::New(_)));
    assert_eq!(new.count(), 1);
    let ids: HashSet<i64> = answers
        .iter()
        .map(|answer| match answer {
            Inserted::New(id) | Inserted::Repeated { id, .. } => *id,
        })
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(total(stores).await, Some(1));
}

pub async fn what_failed_is_not_remembered(stores: &Stores) {
    let ani = add(stores, &with_email("ani@sekolah.example")).await;
    let taken = with_email("ani@sekolah.example");
    let refused = send(stores, &taken, repeat("person:1", "k", "r", NOON)).await;
    assert!(matches!(refused, Err(StoreError::Taken("email"))));
    remove(stores, &ani).await.expect("the version is right");
    let sent = send(stores, &taken, repeat("person:1", "k", "r", NOON)).await;
    assert!(matches!(sent, Ok(Inserted::New(_))), "{sent:?}");
}

pub async fn messages_and_people_share_the_keys(stores: &Stores) {
    let post = |repeat| {
        let change = change(Action::MessagePost).after(&"Halo");
        let message = message("Halo");
        async move { stores.messages.insert(&message, change, Some(repeat)).await }
    };
    let first = post(repeat("visitor", "k", "r", NOON)).await;
    let first = first.expect("the request is new");
    let second = post(repeat("visitor", "k", "r", NOON)).await;
    assert_eq!(
        second.expect("the request is known"),
        again(&first, "\"Halo\"")
    );
    assert_eq!(messages(stores, None, 5).await.rows.len(), 1);
    let person = send(stores, &person("Ani"), repeat("visitor", "k", "s", NOON)).await;
    assert!(matches!(person, Err(StoreError::KeyReused)), "{person:?}");
}
