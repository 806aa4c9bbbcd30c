//! What threads that share a view of the database among their reads see, and when they let go of it.

use std::time::Duration;

use rusqlite::Connection;
use store::sqlite::rest;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::person::{add, total};
use crate::place::Place;

fn set_total(connection: &Connection, total: u64) {
    let sql = format!("UPDATE counter SET value = {total} WHERE name = 'person'");
    connection.execute_batch(&sql).unwrap();
}

/// Whether nobody's view keeps the log from being written back and cut.
fn can_be_cut(connection: &Connection) -> bool {
    let cut = "PRAGMA wal_checkpoint(TRUNCATE)";
    let is_busy: i64 = connection.query_row(cut, [], |row| row.get(0)).unwrap();
    is_busy == 0
}

#[tokio::test]
async fn whoever_was_answered_reads_what_they_wrote_without_a_rest_in_between() {
    let place = Place::new();
    let opened = place.open();
    rest();
    for number in 0..100 {
        assert_eq!(total(&opened.stores).await, number);
        add(&opened.stores, "Ani").await.unwrap();
        assert_eq!(total(&opened.stores).await, number + 1);
    }
}

#[tokio::test]
async fn what_another_process_wrote_is_seen_after_a_rest() {
    let place = Place::new();
    let opened = place.open();
    let other = place.connect();
    for number in 1..100 {
        rest();
        assert_eq!(total(&opened.stores).await, number - 1);
        set_total(&other, number);
        rest();
        assert_eq!(total(&opened.stores).await, number);
    }
}

#[tokio::test]
async fn what_another_process_wrote_is_seen_by_a_thread_that_never_rests() {
    let place = Place::new();
    let opened = place.open();
    let other = place.connect();
    rest();
    assert_eq!(total(&opened.stores).await, 0);
    set_total(&other, 7);
    let seen = async {
        while total(&opened.stores).await != 7 {
            yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), seen).await.unwrap();
}

#[tokio::test]
async fn a_thread_at_rest_holds_nothing() {
    let place = Place::new();
    let opened = place.open();
    add(&opened.stores, "Ani").await.unwrap();
    let other = place.connect();
    rest();
    assert_eq!(total(&opened.stores).await, 1);
    assert!(!can_be_cut(&other), "there is no view to let go of");
    rest();
    assert!(can_be_cut(&other));
}
