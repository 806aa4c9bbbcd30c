//! A server that goes away and comes back, and a way to it that breaks.

use std::time::Duration;

use school::people::{PersonInput, create};
use school::{Actor, Limit, StoreError, Stores};
use testkit::Cable;
use testkit::mongo::Server;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::house::{House, NOON, become_well, insist, say, sound_entries, texts};

const DATABASE: &str = "school";

async fn add_person(stores: &Stores) {
    let input = PersonInput {
        first_name: "Ani".to_owned(),
        last_name: "Wijaya".to_owned(),
        ..PersonInput::default()
    };
    let new = input.check().unwrap();
    create(stores, &Actor::console(), new, None, NOON)
        .await
        .unwrap();
}

async fn must_be_away(stores: &Stores) {
    let read = stores.messages.list(None, Limit::default()).await;
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    // Found out at the first question at the latest, and from then on nobody waits.
    testkit::eventually("the loss is known", || {
        futures_util::FutureExt::now_or_never(stores.messages.list(None, Limit::default()))
            .is_some_and(|answer| answer.is_err())
    });
    let posted = say(stores, "hilang").await;
    assert!(
        matches!(posted, Err(StoreError::Unavailable(_))),
        "{posted:?}"
    );
    assert!(stores.health.check().await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_is_used_again_without_a_restart_of_ours() {
    let mut server = Server::default();
    let house = House::new(&server.url(DATABASE)).await;
    become_well(&house.stores).await;
    insist(&house.stores, "satu").await;
    house.settle().await;
    server.kill();
    must_be_away(&house.stores).await;
    // The trail's server is not needed to write: what is told waits in the records.
    add_person(&house.stores).await;
    testkit::eventually("it is told", || house.trail.status().trouble.is_some());
    server.start();
    become_well(&house.stores).await;
    insist(&house.stores, "dua").await;
    house.settle().await;
    assert_eq!(texts(&house.stores).await, ["dua", "satu"]);
    assert_eq!(sound_entries(&house.stores).await, 3);
    assert_eq!(house.trail.status().trouble, None);
    assert!(!house.trail.status().version.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_many_writers_a_killed_server_loses_and_doubles_nothing() {
    let mut server = Server::default();
    let house = House::new(&server.url(DATABASE)).await;
    become_well(&house.stores).await;
    let mut writers: JoinSet<()> = (0..8)
        .map(|writer| {
            let stores = house.stores.clone();
            async move { insist_and_read(&stores, writer).await }
        })
        .collect();
    for _ in 0..3 {
        let _ = timeout(Duration::from_millis(40), writers.join_next()).await;
        server.kill();
        server.start();
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    become_well(&house.stores).await;
    house.settle().await;
    assert_eq!(house.records.outbox.messages(9).await.unwrap(), []);
    must_have(&house, 320).await;
}

async fn insist_and_read(stores: &Stores, writer: usize) {
    for number in 0..40 {
        insist(stores, &format!("{writer} {number}")).await;
        // Some of these fail, and must not hang.
        let _ = stores.messages.list(None, Limit::default()).await;
    }
}

async fn must_have(house: &House, messages: usize) {
    let mut texts = texts(&house.stores).await;
    assert_eq!(texts.len(), messages);
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), messages);
    let entries = sound_entries(&house.stores).await;
    assert_eq!(usize::try_from(entries).unwrap(), messages);
}

/// The way breaks wherever it may be: in a question, in a move, in an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_that_is_cut_half_closed_and_slow_loses_and_doubles_nothing() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let house = House::new(&server.url_at(cable.address(), DATABASE)).await;
    become_well(&house.stores).await;
    let mut writers: JoinSet<()> = (0..4)
        .map(|writer| {
            let stores = house.stores.clone();
            async move { insist_and_read(&stores, writer).await }
        })
        .collect();
    for break_it in [Cable::cut, Cable::half_close].into_iter().cycle().take(10) {
        let _ = timeout(Duration::from_millis(60), writers.join_next()).await;
        break_it(&cable);
    }
    cable.delay(Duration::from_millis(10));
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    become_well(&house.stores).await;
    house.settle().await;
    must_have(&house, 160).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_is_told_of_and_waited_for() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let house = House::new(&server.url_at(cable.address(), DATABASE)).await;
    become_well(&house.stores).await;
    insist(&house.stores, "satu").await;
    house.settle().await;
    cable.fall_silent();
    let check = timeout(Duration::from_secs(3), house.stores.health.check()).await;
    assert!(check.expect("the check has a deadline").is_err());
    let read = timeout(Duration::from_secs(9), must_be_away(&house.stores)).await;
    read.expect("a read has a deadline");
    cable.speak();
    become_well(&house.stores).await;
    insist(&house.stores, "dua").await;
    house.settle().await;
    must_have(&house, 2).await;
}
