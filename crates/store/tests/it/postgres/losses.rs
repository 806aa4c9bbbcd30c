//! A server that goes away and comes back, and a way to it that breaks.

use std::time::Duration;

use school::people::PeopleError;
use school::people::{NewPerson, PersonInput, create};
use school::{Actor, Done, Person, Repeat, StoreError, Stores};
use testkit::Cable;
use testkit::postgres::Server;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::house::{House, open_at};
use crate::person::{NOON, add, names, sound_entries, total};

fn new(name: &str) -> NewPerson {
    let input = PersonInput {
        first_name: name.to_owned(),
        last_name: "Wijaya".to_owned(),
        ..PersonInput::default()
    };
    input.check().unwrap()
}

/// Asks for a person under a key, as a client does who sends an `Idempotency-Key`.
async fn ask(stores: &Stores, name: &str) -> Result<Done<Person>, StoreError> {
    let repeat = Repeat::new("person:1".to_owned(), name, &[name.as_bytes()], NOON);
    match create(stores, &Actor::console(), new(name), repeat, NOON).await {
        Ok(done) => Ok(done),
        Err(PeopleError::Store(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

/// Asks again and again, as long as the answer is that the store is away.
async fn insist(stores: &Stores, name: &str) -> Done<Person> {
    loop {
        match ask(stores, name).await {
            Ok(done) => return done,
            Err(StoreError::Unavailable(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

async fn insist_on(stores: &Stores, how_many: usize, writer: usize) {
    for number in 0..how_many {
        insist(stores, &format!("M{writer}-{number}")).await;
    }
}

/// Waits for the next attempt to connect, which comes within a second.
async fn become_well(stores: &Stores) {
    let well = async {
        while stores.health.check().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), well).await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_restarted_is_used_again_at_once() {
    let mut house = House::new().await;
    add(house.stores(), "before").await.unwrap();
    for kill in [Server::kill as fn(&mut Server), Server::stop] {
        kill(&mut house.server);
        let lost = add(house.stores(), "lost").await;
        assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
        let unread = house.stores().people.find(1).await;
        assert!(
            matches!(unread, Err(StoreError::Unavailable(_))),
            "{unread:?}"
        );
        assert!(house.stores().health.check().await.is_err());
        house.server.start();
        timeout(Duration::from_secs(5), insist(house.stores(), "after"))
            .await
            .unwrap();
        become_well(house.stores()).await;
    }
    assert_eq!(names(house.stores()).await, ["before", "after"]);
    assert_eq!(sound_entries(house.stores()).await, 2);
}

#[tokio::test]
async fn a_restart_between_two_requests_is_not_noticed() {
    let mut house = House::new().await;
    add(house.stores(), "before").await.unwrap();
    assert_eq!(total(house.stores()).await, 1);
    house.server.stop();
    house.server.start();
    assert_eq!(total(house.stores()).await, 1);
    add(house.stores(), "after").await.unwrap();
    house.server.kill();
    house.server.start();
    add(house.stores(), "later").await.unwrap();
    assert_eq!(names(house.stores()).await, ["before", "after", "later"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_many_writers_a_killed_server_loses_and_doubles_nothing() {
    let mut house = House::new().await;
    let mut writers: JoinSet<()> = (0..16)
        .map(|writer| {
            let stores = house.stores().clone();
            async move { insist_on(&stores, 30, writer).await }
        })
        .collect();
    for _ in 0..3 {
        let seen = total_or_less(house.stores()).await;
        while total_or_less(house.stores()).await < seen + 20 && !writers.is_empty() {
            let _ = timeout(Duration::from_millis(1), writers.join_next()).await;
        }
        house.server.kill();
        house.server.start();
    }
    while let Some(ended) = writers.join_next().await {
        ended.unwrap();
    }
    let mut names = names(house.stores()).await;
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 16 * 30);
    assert_eq!(total(house.stores()).await, 16 * 30);
    assert_eq!(sound_entries(house.stores()).await, 16 * 30);
}

/// The ids of all people, even while the server comes back.
async fn total_or_less(stores: &Stores) -> i64 {
    let last = stores.audit.list(None, school::Limit::default()).await;
    last.map_or(0, |page| page.rows.first().map_or(0, |entry| entry.seq))
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_done_once_when_it_is_repeated() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let opened = open_at(cable.address()).await;
    ask(&opened.stores, "first").await.unwrap();
    cable.cut_after(b"COMMIT");
    let lost = ask(&opened.stores, "lost").await;
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert!(!cable.is_armed());
    // It was done, and the client was told that nobody knows. The repetition waits until the server has got so far.
    let again = ask(&opened.stores, "lost").await.unwrap();
    assert!(again.is_repeated());
    assert_eq!(server.sql("SELECT count(*) FROM person"), "2");
    assert_eq!(names(&opened.stores).await, ["first", "lost"]);
    assert_eq!(sound_entries(&opened.stores).await, 2);
}

#[tokio::test]
async fn a_write_that_never_arrived_is_done_when_it_is_repeated() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let opened = open_at(cable.address()).await;
    cable.cut_before(b"COMMIT");
    let lost = ask(&opened.stores, "lost").await;
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
    assert!(!insist(&opened.stores, "lost").await.is_repeated());
    assert_eq!(names(&opened.stores).await, ["lost"]);
}

/// Nothing was committed, so another connection may try: the client need not know.
#[tokio::test]
async fn a_connection_that_breaks_before_the_commit_is_made_up_for() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let opened = open_at(cable.address()).await;
    for sent in [
        "pg_advisory_xact_lock",
        "INSERT INTO person",
        "INSERT INTO audit",
    ] {
        cable.cut_before(sent.as_bytes());
        let done = ask(&opened.stores, sent.rsplit(' ').next().unwrap()).await;
        assert!(!cable.is_armed(), "{sent}");
        match sent {
            // With the last wave goes the commit.
            "INSERT INTO audit" => assert!(done.is_err()),
            _ => assert!(!done.unwrap().is_repeated()),
        }
    }
    assert_eq!(total(&opened.stores).await, 2);
    cable.cut();
    assert_eq!(total(&opened.stores).await, 2);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_told_of_and_waited_for() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let opened = open_at(cable.address()).await;
    add(&opened.stores, "before").await.unwrap();
    cable.fall_silent();
    let check = timeout(Duration::from_secs(3), opened.stores.health.check()).await;
    assert!(check.expect("the check has a deadline").is_err());
    let read = timeout(Duration::from_secs(9), opened.stores.people.find(1)).await;
    let read = read.expect("a read has a deadline");
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    cable.speak();
    insist(&opened.stores, "after").await;
    become_well(&opened.stores).await;
    assert_eq!(names(&opened.stores).await, ["before", "after"]);
}

#[tokio::test]
async fn a_slow_way_is_gone_few_times_for_many_writes() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let opened = open_at(cable.address()).await;
    add(&opened.stores, "first").await.unwrap();
    let before: i64 = transactions(&server);
    cable.delay(Duration::from_millis(20));
    let tasks: JoinSet<_> = (0..100)
        .map(|number| {
            let stores = opened.stores.clone();
            async move { add(&stores, &format!("Murid {number}")).await.unwrap() }
        })
        .collect();
    tasks.join_all().await;
    assert_eq!(sound_entries(&opened.stores).await, 101);
    let groups = transactions(&server) - before;
    assert!(groups < 20, "{groups} transactions for 100 writes");
}

/// Transactions that wrote, each with a number of its own.
fn transactions(server: &Server) -> i64 {
    let counted = server.sql("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
    counted.parse().unwrap()
}

/// A transaction whose client went away without a word, the lock still in its hands.
#[tokio::test]
async fn a_writer_that_died_with_the_lock_loses_it() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let (dead, alive) = (
        open_at(cable.address()).await,
        open_at(server.address()).await,
    );
    add(&dead.stores, "first").await.unwrap();
    cable.cut_before(b"COMMIT");
    let waiting = dead.stores.clone();
    let lost = tokio::spawn(async move { add(&waiting, "lost").await });
    insist(&alive.stores, "alive").await;
    assert!(lost.await.unwrap().is_err());
    assert_eq!(names(&alive.stores).await, ["first", "alive"]);
}
