//! A server that goes away and comes back, and a way to it that breaks.

use std::time::Duration;

use school::page::Limit;
use school::stores::StoreHealth;
use school::{StoreError, Stores};
use tempfile::TempDir;
use testkit::Cable;
use testkit::redis::Server;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::house::{House, Process, sound_entries, until};
use crate::person::{add, ask, hash, insist, sign_in, texts};

/// A process behind a cable.
struct Far {
    process: Process,
    cable: Cable,
    server: Server,
    _directory: TempDir,
}

impl Far {
    async fn new() -> Self {
        let (server, directory) = (Server::default(), TempDir::new().unwrap());
        let cable = Cable::to(server.address());
        Self {
            process: Process::new(cable.address(), directory.path()).await,
            cable,
            server,
            _directory: directory,
        }
    }

    fn stores(&self) -> &Stores {
        &self.process.stores
    }

    /// The server's own answer to these words.
    fn count(&self) -> String {
        self.server.run("XLEN {pendopo}:messages")
    }
}

#[tokio::test]
async fn a_server_that_was_killed_is_used_again_at_once_and_lost_nothing() {
    let mut house = House::new().await;
    let ani = add(house.stores(), "Ani").await;
    sign_in(house.stores(), &ani, 1).await.unwrap();
    ask(house.stores(), "before").await.unwrap();
    house.server.kill();
    let lost = ask(house.stores(), "lost").await;
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    let unread = house.stores().sessions.find(hash(1)).await;
    assert!(
        matches!(unread, Err(StoreError::Unavailable(_))),
        "{unread:?}"
    );
    assert!(house.process.redis.check().await.is_err());
    house.server.start();
    let again = timeout(Duration::from_secs(5), insist(house.stores(), "after"));
    again.await.unwrap();
    assert_eq!(texts(house.stores()).await, ["after", "before"]);
    assert!(
        house
            .stores()
            .sessions
            .find(hash(1))
            .await
            .unwrap()
            .is_some()
    );
    house.process.redis.check().await.unwrap();
}

#[tokio::test]
async fn a_restart_between_two_requests_is_not_noticed() {
    let mut house = House::new().await;
    ask(house.stores(), "before").await.unwrap();
    house.server.kill();
    house.server.start();
    ask(house.stores(), "after").await.unwrap();
    house.server.kill();
    house.server.start();
    assert_eq!(texts(house.stores()).await, ["after", "before"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_many_writers_a_killed_server_loses_and_doubles_nothing() {
    let mut house = House::new().await;
    let mut writers: JoinSet<()> = (0..8)
        .map(|writer| {
            let stores = house.stores().clone();
            async move { insist_on(&stores, writer).await }
        })
        .collect();
    for _ in 0..3 {
        let seen = newest(house.stores()).await;
        while newest(house.stores()).await < seen + 20 && !writers.is_empty() {
            let _ = timeout(Duration::from_millis(1), writers.join_next()).await;
        }
        house.server.kill();
        house.server.start();
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    let mut posted = texts(house.stores()).await;
    posted.sort();
    posted.dedup();
    assert_eq!(posted.len(), 8 * 20);
    assert_eq!(texts(house.stores()).await.len(), 8 * 20);
    until("each is told", async || {
        sound_entries(house.stores()).await == 8 * 20
    })
    .await;
}

async fn insist_on(stores: &Stores, writer: usize) {
    for number in 0..20 {
        insist(stores, &format!("{writer}-{number}")).await;
    }
}

/// The number of the newest message, even while the server comes back.
async fn newest(stores: &Stores) -> i64 {
    let page = stores.messages.list(None, Limit::default()).await;
    page.map_or(0, |page| page.rows.first().map_or(0, |row| row.id))
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_posted_once() {
    let far = Far::new().await;
    ask(far.stores(), "first").await.unwrap();
    far.cable.cut_after(b"lost-not");
    // The ticket tells the second attempt what became of the first.
    ask(far.stores(), "lost-not").await.unwrap();
    assert!(!far.cable.is_armed());
    assert!(far.count().contains(":2"), "{}", far.count());
    assert!(insist(far.stores(), "lost-not").await.is_repeated());
    far.cable.cut_before(b"never-came");
    ask(far.stores(), "never-came").await.unwrap();
    assert!(!far.cable.is_armed());
    assert_eq!(
        texts(far.stores()).await,
        ["never-came", "lost-not", "first"]
    );
    until("each is told", async || {
        sound_entries(far.stores()).await == 3
    })
    .await;
}

#[tokio::test]
async fn a_way_that_is_cut_at_rest_is_not_noticed() {
    let far = Far::new().await;
    ask(far.stores(), "before").await.unwrap();
    far.cable.cut();
    assert_eq!(texts(far.stores()).await, ["before"]);
    far.cable.cut();
    ask(far.stores(), "after").await.unwrap();
}

#[tokio::test]
async fn a_server_that_falls_silent_is_told_of_and_waited_for() {
    let far = Far::new().await;
    ask(far.stores(), "before").await.unwrap();
    far.cable.fall_silent();
    let check = timeout(Duration::from_secs(3), far.process.redis.check()).await;
    assert!(check.expect("the check has a deadline").is_err());
    let read = timeout(
        Duration::from_secs(9),
        far.stores().messages.list(None, Limit::default()),
    );
    let read = read.await.expect("a read has a deadline");
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    far.cable.speak();
    insist(far.stores(), "after").await;
    assert_eq!(texts(far.stores()).await, ["after", "before"]);
}

#[tokio::test]
async fn many_share_a_slow_way() {
    let far = Far::new().await;
    ask(far.stores(), "first").await.unwrap();
    far.cable.delay(Duration::from_millis(20));
    let begun = std::time::Instant::now();
    let tasks: JoinSet<_> = (0..100)
        .map(|number| {
            let stores = far.stores().clone();
            async move { ask(&stores, &number.to_string()).await.unwrap() }
        })
        .collect();
    tasks.join_all().await;
    assert_eq!(texts(far.stores()).await.len(), 101);
    // One after the other would take four seconds at the least.
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
}
