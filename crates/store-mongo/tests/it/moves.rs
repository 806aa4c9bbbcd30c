//! How messages and entries get to the server: once, in order, whoever dies or comes late.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use school::audit::{Action, Change};
use school::{Actor, Limit, StoreError, Stores};
use store_mongo::Trail;
use tempfile::TempDir;
use testkit::mongo::Server;
use tokio::task::JoinSet;

use crate::hand::{Dying, Late, Overtaken, Step};
use crate::house::{House, NOON, become_well, open_records, options, say, sound_entries, texts};

const DATABASE: &str = "school";

async fn remove(stores: &Stores, id: i64) -> Result<(), StoreError> {
    let change = Change::new(&Actor::console(), Action::MessageRemove, NOON);
    stores.messages.delete(id, change).await
}

/// The same directory, under another name.
fn link_to(path: &Path) -> TempDir {
    let link = TempDir::new().unwrap();
    fs::remove_dir(link.path()).unwrap();
    symlink(path, link.path()).unwrap();
    link
}

/// What the server's own client counts, outside of ours.
fn count(server: &Server, what: &str) -> String {
    server.python(&format!("print(client['{DATABASE}'].{what})"))
}

#[tokio::test]
async fn what_the_server_has_for_good_leaves_the_records_but_for_the_last_entry() {
    let server = Server::default();
    let house = House::new(&server.url(DATABASE)).await;
    become_well(&house.stores).await;
    for text in ["satu", "dua", "tiga"] {
        say(&house.stores, text).await.unwrap();
    }
    house.settle().await;
    let own = &house.records.stores;
    let left = own.messages.list(None, Limit::default()).await.unwrap();
    assert_eq!(left.rows, []);
    let left = own.audit.walk(0, 10).await.unwrap();
    assert_eq!(left.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3]);
    assert_eq!(house.records.outbox.trail_left().await.unwrap(), 3);
    assert_eq!(count(&server, "message.count_documents({})"), "3");
    assert_eq!(count(&server, "audit.distinct('_id')"), "[1, 2, 3]");
    assert_eq!(texts(&house.stores).await, ["tiga", "dua", "satu"]);
    assert_eq!(sound_entries(&house.stores).await, 3);
    say(&house.stores, "empat").await.unwrap();
    assert_eq!(sound_entries(&house.stores).await, 4);
}

#[tokio::test]
async fn whoever_dies_in_the_middle_leaves_nothing_lost_and_nothing_twice() {
    let server = Server::default();
    for (number, at) in [Step::Messages, Step::Removals, Step::Trail]
        .into_iter()
        .enumerate()
    {
        let url = server.url(&format!("{DATABASE}{number}"));
        let directory = TempDir::new().unwrap();
        let records = open_records(&directory);
        let dying = Arc::new(Dying {
            outbox: records.outbox.clone(),
            at,
            has_died: AtomicBool::new(false),
        });
        let house = House::with(directory, records, &url, dying.clone()).await;
        become_well(&house.stores).await;
        let first = say(&house.stores, "satu").await.unwrap();
        say(&house.stores, "dua").await.unwrap();
        remove(&house.stores, first).await.unwrap();
        while !dying.has_died.load(Ordering::SeqCst) {
            let _ = (house.messages.settle().await, house.trail.settle().await);
        }
        assert_eq!(texts(&house.stores).await, ["dua"], "{at:?}");
        assert_eq!(sound_entries(&house.stores).await, 3, "{at:?}");
        let house = House::over(house.leave(), &url).await;
        house.settle().await;
        assert_eq!(house.records.outbox.messages(9).await.unwrap(), []);
        assert!(house.records.outbox.removals(9).await.unwrap().is_empty());
        assert_eq!(texts(&house.stores).await, ["dua"], "{at:?}");
        assert_eq!(sound_entries(&house.stores).await, 3, "{at:?}");
        let again = remove(&house.stores, first).await;
        assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    }
}

async fn write(stores: &Stores, writer: usize) {
    for number in 0..40 {
        let id = say(stores, &format!("{writer} {number}")).await.unwrap();
        if number % 4 == 0 {
            remove(stores, id).await.unwrap();
        }
    }
}

/// As replicas do that share their records.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_that_move_the_same_lose_and_double_nothing() {
    let server = Server::default();
    let (url, first) = (
        server.url(DATABASE),
        House::new(&server.url(DATABASE)).await,
    );
    let path = first.directory.path().to_owned();
    let mut houses = Vec::new();
    for _ in 0..3 {
        houses.push(House::over(link_to(&path), &url).await);
    }
    let writers: JoinSet<()> = houses
        .iter()
        .enumerate()
        .map(|(writer, house)| {
            let stores = house.stores.clone();
            async move { write(&stores, writer).await }
        })
        .collect();
    let mover = async {
        for house in houses.iter().cycle().take(60) {
            house.messages.settle().await.unwrap();
            house.trail.settle().await.unwrap();
        }
    };
    tokio::join!(writers.join_all(), mover);
    for house in houses.iter().chain([&first]) {
        house.settle().await;
        let mut texts = texts(&house.stores).await;
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), 3 * 30);
        assert_eq!(sound_entries(&house.stores).await, 3 * 50);
    }
    assert_eq!(count(&server, "audit.count_documents({})"), "150");
    let shown = "message.count_documents({'gone': {'$exists': False}})";
    assert_eq!(count(&server, shown), "90");
}

#[tokio::test]
async fn whoever_is_overtaken_between_two_looks_does_not_take_the_trail_for_anothers() {
    let server = Server::default();
    let by = Arc::new(House::new(&server.url(DATABASE)).await);
    become_well(&by.stores).await;
    let times = AtomicU32::new(8);
    let records = Arc::new(Overtaken {
        by: by.clone(),
        times,
    });
    let outbox = by.records.outbox.clone();
    let trail = Trail::open(options(&server.url(DATABASE)), records.clone(), outbox).await;
    let trail = trail.unwrap();
    while records.times.load(Ordering::SeqCst) > 0 {
        trail.settle().await.unwrap();
    }
    assert_eq!(trail.status().trouble, None);
    assert_eq!(sound_entries(&by.stores).await, 16);
}

#[tokio::test]
async fn a_message_that_was_taken_down_stays_down_whoever_is_late() {
    let server = Server::default();
    let (url, directory) = (server.url(DATABASE), TempDir::new().unwrap());
    let records = open_records(&directory);
    let path = directory.path().to_owned();
    let late = Late::over(records.outbox.clone());
    let slow = House::with(directory, records, &url, late.clone()).await;
    become_well(&slow.stores).await;
    let id = say(&slow.stores, "satu").await.unwrap();
    late.has_read.acquire().await.unwrap().forget();
    let quick = House::over(link_to(&path), &url).await;
    become_well(&quick.stores).await;
    remove(&quick.stores, id).await.unwrap();
    quick.settle().await;
    // Now it puts there what it had read.
    late.may_go_on.add_permits(1000);
    slow.settle().await;
    assert_eq!(texts(&slow.stores).await, Vec::<String>::new());
    assert_eq!(texts(&quick.stores).await, Vec::<String>::new());
    assert_eq!(
        count(&server, "message.find_one({}, {'created_at': 0})"),
        format!("{{'_id': {id}, 'gone': True}}")
    );
    assert_eq!(sound_entries(&quick.stores).await, 2);
}

/// Records that were restored to an earlier state give their numbers once more.
#[tokio::test]
async fn records_that_do_not_belong_to_the_server_are_told_of_and_lose_nothing() {
    let server = Server::default();
    let url = server.url(DATABASE);
    let house = House::new(&url).await;
    become_well(&house.stores).await;
    say(&house.stores, "satu").await.unwrap();
    house.settle().await;
    let directory = house.leave();
    let (database, copy) = (
        directory.path().join("pendopo.db"),
        directory.path().join("copy"),
    );
    fs::copy(&database, &copy).unwrap();
    let house = House::over(directory, &url).await;
    become_well(&house.stores).await;
    for text in ["dua", "tiga"] {
        say(&house.stores, text).await.unwrap();
    }
    house.settle().await;
    let directory = house.leave();
    fs::rename(&copy, &database).unwrap();
    let house = House::over(directory, &url).await;
    become_well(&house.stores).await;
    let trail = house.trail.settle().await.unwrap_err();
    assert!(
        trail.to_string().contains("more than the records know of"),
        "{trail}"
    );
    for text in ["lain", "lagi"] {
        say(&house.stores, text).await.unwrap();
    }
    for settled in [house.messages.settle().await, house.trail.settle().await] {
        let told = settled.unwrap_err().to_string();
        assert!(told.contains("is another one"), "{told}");
    }
    testkit::eventually("both keepers tell of it", || {
        let told = [
            house.messages.status().trouble,
            house.trail.status().trouble,
        ];
        told.iter()
            .flatten()
            .filter(|why| why.contains("name another database"))
            .count()
            == 2
    });
    assert_eq!(texts(&house.stores).await, ["lagi", "lain", "satu"]);
    let kept = "message.count_documents({'message': {'$in': ['satu', 'dua', 'tiga']}})";
    assert_eq!(count(&server, kept), "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_does_not_take_stays_with_the_records_and_is_told() {
    let server = Server::with(&["--enable-test-commands"]);
    let house = House::new(&server.url(DATABASE)).await;
    become_well(&house.stores).await;
    // The disk of the server is full.
    server.python(
        "client.admin.command({'configureFailPoint': 'failCommand', 'mode': 'alwaysOn', \
         'data': {'failCommands': ['insert'], 'errorCode': 14031}})",
    );
    say(&house.stores, "satu").await.unwrap();
    testkit::eventually("both keepers tell of it", || {
        let told = [house.messages.status(), house.trail.status()];
        told.iter().all(|status| status.trouble.is_some())
    });
    assert_eq!(house.records.outbox.messages(9).await.unwrap().len(), 1);
    assert_eq!(house.records.outbox.trail_left().await.unwrap(), 0);
    assert_eq!(texts(&house.stores).await, ["satu"]);
    server.python("client.admin.command({'configureFailPoint': 'failCommand', 'mode': 'off'})");
    house.settle().await;
    assert_eq!(house.records.outbox.messages(9).await.unwrap(), []);
    assert_eq!(house.records.outbox.trail_left().await.unwrap(), 1);
    assert_eq!(texts(&house.stores).await, ["satu"]);
    assert_eq!(sound_entries(&house.stores).await, 1);
    testkit::eventually("nothing is told any more", || {
        house.trail.status().trouble.is_none()
    });
}
