//! What stays in the records until another store has it, on both engines.

use school::audit::{Action, Change};
use school::messages::{MessageInput, Posting, post};
use school::{Actor, Limit, StoreError, Stores};
use store::Opened;

use crate::person::NOON;
use crate::place::Place;
use crate::postgres::house::House;

async fn say(stores: &Stores, text: &str) -> i64 {
    let input = MessageInput {
        message: text.to_owned(),
        name: None,
    };
    let (new, actor) = (input.check().unwrap(), Actor::console());
    let posted = post(stores, &actor, Posting::Open, new, None, NOON).await;
    posted.unwrap().into_object().id
}

async fn places(stores: &Stores) -> Vec<i64> {
    let walked = stores.audit.walk(0, 100).await.unwrap();
    walked.iter().map(|entry| entry.seq).collect()
}

async fn messages_leave_oldest_first(opened: &Opened) {
    let (stores, outbox) = (&opened.stores, &opened.outbox);
    let mut ids = Vec::new();
    for text in ["satu", "dua", "tiga"] {
        ids.push(say(stores, text).await);
    }
    let waiting = outbox.messages(2).await.unwrap();
    assert_eq!(
        waiting.iter().map(|one| one.id).collect::<Vec<_>>(),
        ids[..2]
    );
    outbox.messages_moved(ids[1]).await.unwrap();
    outbox.messages_moved(ids[1]).await.unwrap();
    let left = stores.messages.list(None, Limit::default()).await.unwrap();
    assert_eq!(left.rows.len(), 1);
    assert!(
        say(stores, "empat").await > ids[2],
        "no number is given twice"
    );
}

async fn a_message_is_taken_down_once_wherever_it_is(opened: &Opened) {
    let (stores, outbox) = (&opened.stores, &opened.outbox);
    let change = || Change::new(&Actor::console(), Action::MessageRemove, NOON);
    let here = say(stores, "di sini").await;
    for id in [here, 999] {
        outbox.remove_message(id, change()).await.unwrap();
        let again = outbox.remove_message(id, change()).await;
        assert!(matches!(again, Err(StoreError::NotFound)), "{again:?}");
    }
    let told = stores.audit.walk(0, 100).await.unwrap();
    let removed = told.iter().filter(|entry| entry.action == "message.remove");
    assert_eq!(removed.count(), 2);
    let listed = stores.messages.list(None, Limit::default()).await;
    assert!(listed.unwrap().rows.iter().all(|one| one.id != here));
    assert_eq!(outbox.removals(9).await.unwrap(), [here, 999]);
    outbox.removals_moved(&[here, 999]).await.unwrap();
    assert!(outbox.removals(9).await.unwrap().is_empty());
    // Even then it is known that it was taken down.
    let late = outbox.remove_message(999, change()).await;
    assert!(matches!(late, Err(StoreError::NotFound)), "{late:?}");
}

async fn the_trail_leaves_but_for_its_last_entry(opened: &Opened) {
    let (stores, outbox) = (&opened.stores, &opened.outbox);
    say(stores, "lagi").await;
    let all = places(stores).await;
    let last = *all.last().unwrap();
    assert_eq!(outbox.trail_left().await.unwrap(), 0);
    outbox.trail_moved(2).await.unwrap();
    assert_eq!(places(stores).await, all[2..]);
    outbox.trail_moved(last).await.unwrap();
    // One who comes late with less changes nothing.
    outbox.trail_moved(1).await.unwrap();
    assert_eq!(places(stores).await, [last]);
    assert_eq!(outbox.trail_left().await.unwrap(), last);
    say(stores, "sesudah").await;
    assert_eq!(places(stores).await, [last, last + 1]);
    let page = stores.audit.list(None, Limit::default()).await.unwrap();
    assert_eq!(page.total, u64::try_from(last + 1).ok());
}

async fn all_of_it(opened: &Opened) {
    messages_leave_oldest_first(opened).await;
    a_message_is_taken_down_once_wherever_it_is(opened).await;
    the_trail_leaves_but_for_its_last_entry(opened).await;
}

#[tokio::test]
async fn what_another_store_has_leaves_sqlite() {
    let place = Place::new();
    all_of_it(&place.open()).await;
}

#[tokio::test]
async fn what_another_store_has_leaves_postgresql() {
    let house = House::new().await;
    all_of_it(&house.opened).await;
    for sql in [
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ] {
        let guarded = format!(
            "DO $$ BEGIN {sql}; RAISE 'it was done'; EXCEPTION WHEN OTHERS THEN \
             IF SQLERRM NOT LIKE '%append-only%' THEN RAISE; END IF; END $$"
        );
        house.server.sql(&guarded);
    }
}
