//! What happens at each limit: full queues, a held file, searches that take too long, callers that go away.

use std::time::Duration;

use rusqlite::Connection;
use school::{StoreError, Stores};
use store::sqlite::Options;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::person::{add, sound_entries, total};
use crate::place::Place;

/// Another process that keeps the file to itself.
fn hold(place: &Place) -> Connection {
    let holder = place.connect();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    holder
}

fn adding(stores: &Stores, how_many: usize) -> JoinSet<Result<i64, StoreError>> {
    let tasks = (0..how_many).map(|number| {
        let stores = stores.clone();
        async move { add(&stores, &format!("Murid {number}")).await }
    });
    tasks.collect()
}

#[tokio::test]
async fn a_full_queue_refuses_in_words_and_what_is_in_it_is_done() {
    let place = Place::new();
    let opened = place.open_with(&Options {
        queue: 8,
        queue_wait: Duration::from_millis(20),
        ..Options::default()
    });
    let holder = hold(&place);
    let mut tasks = adding(&opened.stores, 300);
    // While the file is held nothing is done: the first answers are refusals.
    let first = tasks.join_next().await.unwrap().unwrap();
    let text = first.unwrap_err().to_string();
    assert!(text.contains("too many writes are waiting"), "{text}");
    holder.execute_batch("COMMIT").unwrap();
    let answers = tasks.join_all().await;
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(done >= 8, "{done}");
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    }
    assert_eq!(total(&opened.stores).await, done as u64);
    assert_eq!(
        sound_entries(&opened.stores).await,
        i64::try_from(done).unwrap()
    );
}

#[tokio::test]
async fn a_held_file_is_waited_for_and_told_of_by_the_check_within_its_second() {
    let place = Place::new();
    let opened = place.open();
    let holder = hold(&place);
    let waiting = adding(&opened.stores, 3);
    let sick = timeout(Duration::from_secs(4), opened.stores.health.check()).await;
    let sick = sick.expect("the check has a deadline");
    assert!(matches!(sick, Err(StoreError::Unavailable(_))), "{sick:?}");
    holder.execute_batch("COMMIT").unwrap();
    assert!(waiting.join_all().await.iter().all(Result::is_ok));
    opened.stores.health.check().await.unwrap();
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_any_more_is_not_done() {
    let place = Place::new();
    let opened = place.open();
    let holder = hold(&place);
    // The writer takes the first unit and waits; the second one's caller goes away meanwhile.
    let mut first = adding(&opened.stores, 1);
    let began = timeout(Duration::from_millis(50), first.join_next()).await;
    assert!(began.is_err(), "the file is held");
    let left = timeout(Duration::from_millis(5), add(&opened.stores, "gone")).await;
    assert!(left.is_err(), "the file is held");
    holder.execute_batch("COMMIT").unwrap();
    first.join_next().await.unwrap().unwrap().unwrap();
    add(&opened.stores, "after").await.unwrap();
    assert_eq!(
        crate::person::names(&opened.stores).await,
        ["Murid 0", "after"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_does_what_is_queued_and_loses_no_answer() {
    let place = Place::new();
    let opened = place.open();
    let tasks = adding(&opened.stores, 500);
    let closing = opened.clone();
    tokio::task::spawn_blocking(move || closing.close())
        .await
        .unwrap();
    let answers = tasks.join_all().await;
    assert_eq!(answers.len(), 500);
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(total(&opened.stores).await, done as u64);
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(refused.to_string().contains("closed"), "{refused}");
    }
}
