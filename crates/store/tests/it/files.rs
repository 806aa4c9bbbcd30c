//! What lies on the disk, and which of it stays open.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

use school::page::{Limit, Start};
use school::people::PeopleQuery;
use school::repeat::KEPT;
use school::{Change, Repeat};
use store::Opened;
use tokio::runtime::Builder;

use crate::person::{NOON, add, total};
use crate::place::Place;

/// How many of this process's open files lie in the directory.
fn open_files(directory: &Path) -> usize {
    let files = fs::read_dir("/proc/self/fd").unwrap();
    let targets = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    targets
        .filter(|target| target.starts_with(directory))
        .count()
}

fn read_once(opened: &Opened) {
    let runtime = Builder::new_current_thread().build().unwrap();
    let found = runtime.block_on(opened.stores.people.find(1));
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn the_files_are_their_owners_alone() {
    let place = Place::new();
    let opened = place.open();
    add(&opened.stores, "Ani").await.unwrap();
    for file in fs::read_dir(place.directory()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
}

#[tokio::test]
async fn what_the_planner_learnt_of_a_small_table_is_forgotten() {
    let place = Place::new();
    let opened = place.open();
    add(&opened.stores, "Ani").await.unwrap();
    opened.close();
    let statistics = "SELECT count(*) FROM sqlite_schema WHERE name GLOB 'sqlite_stat[0-9]'";
    let count = || {
        place
            .connect()
            .query_row(statistics, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(count(), 0, "a stop learns nothing");
    place.connect().execute_batch("ANALYZE").unwrap();
    assert_ne!(count(), 0);
    place.open().close();
    assert_eq!(count(), 0, "a start forgets");
}

#[tokio::test]
async fn a_closed_store_is_one_file_and_takes_no_more_writes() {
    let place = Place::new();
    let opened = place.open();
    add(&opened.stores, "Ani").await.unwrap();
    assert!(opened.status().log_size > 0);
    opened.close();
    opened.close();
    assert_eq!(opened.status().log_size, 0);
    let refused = add(&opened.stores, "Budi").await.unwrap_err();
    assert!(
        refused.to_string().contains("the database is closed"),
        "{refused}"
    );
    drop(opened);
    assert_eq!(place.count("person"), 1);
    assert!(!place.open().status().was_unclean);
}

#[tokio::test]
async fn a_store_whose_last_owner_is_gone_is_closed() {
    let place = Place::new();
    let stores = place.open().stores;
    add(&stores, "Ani").await.unwrap();
    drop(stores);
    assert!(!place.open().status().was_unclean);
}

#[tokio::test]
async fn the_connections_of_ended_threads_and_of_stores_that_are_gone_are_closed() {
    let place = Place::new();
    let opened = place.open();
    add(&opened.stores, "Ani").await.unwrap();
    let before = open_files(place.directory());
    for _ in 0..10 {
        thread::scope(|scope| {
            scope.spawn(|| read_once(&opened)).join().unwrap();
        });
    }
    // While others use the file SQLite keeps one closed connection's handle for the next.
    assert!(open_files(place.directory()) <= before + 1);
    drop(opened);
    // This thread's own connection to the store goes when the thread reads another one.
    let other = Place::new();
    let next = other.open();
    add(&next.stores, "Budi").await.unwrap();
    assert!(next.stores.people.find(1).await.unwrap().is_some());
    assert_eq!(open_files(place.directory()), 0);
}

#[tokio::test]
async fn a_store_that_was_filled_through_sql_is_as_good_as_any() {
    let place = Place::new();
    place.open().close();
    place.fill(1_000);
    let opened = place.open();
    assert_eq!(total(&opened.stores).await, 1_000);
    let found = opened.stores.people.find_login("77@sekolah.example").await;
    assert_eq!(found.unwrap().unwrap().person.last_name, "Nomor 77");
    let query = PeopleQuery {
        search: Some("Nomor 1000".to_owned()),
        start: Start::Offset(0),
        limit: Limit::default(),
    };
    assert_eq!(
        opened.stores.people.list(&query).await.unwrap().rows.len(),
        1
    );
    assert_eq!(add(&opened.stores, "Ani").await.unwrap(), 1_001);
}

/// A public page must not make anybody the master of the disk.
#[tokio::test]
async fn asking_for_health_again_and_again_hardly_writes() {
    const CHECKED: &str = "SELECT value FROM counter WHERE name = 'check'";
    let place = Place::new();
    let opened = place.open();
    for _ in 0..50 {
        opened.stores.health.check().await.unwrap();
    }
    let written: i64 = place
        .connect()
        .query_row(CHECKED, [], |row| row.get(0))
        .unwrap();
    assert!((1..50).contains(&written), "{written}");
}

#[tokio::test]
async fn old_keys_are_forgotten_in_passing() {
    let place = Place::new();
    let stores = place.open().stores;
    let post = async |number: u32, at| {
        let repeat = Repeat::new("anyone".to_owned(), &format!("k{number}"), &[], at);
        let console = school::Actor::console();
        let change = Change::new(&console, school::audit::Action::MessagePost, at);
        let message = school::messages::Message {
            id: 0,
            message: "Halo".to_owned(),
            name: None,
            person_id: None,
            created_at: at,
        };
        stores
            .messages
            .insert(&message, change, repeat)
            .await
            .unwrap();
    };
    for number in 0..20 {
        post(number, NOON).await;
    }
    assert_eq!(place.count("idempotency"), 20);
    for number in 20..30 {
        post(number, NOON.after(KEPT)).await;
    }
    assert_eq!(place.count("idempotency"), 10);
    assert_eq!(place.count("message"), 30);
}
