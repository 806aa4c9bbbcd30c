//! Messages: in order, kept as they were posted.
#![expect(
    missing_docs,
    reason = "each function's name is the sentence it proves"
)]

use crate::audit::Action;
use crate::contract::sample::{add, change, message, messages, person, post, remove};
use crate::messages::Message;
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;

async fn take_down(stores: &Stores, id: i64) -> Result<(), StoreError> {
    let change = change(Action::MessageRemove);
    stores.messages.delete(id, change).await
}

pub async fn messages_come_newest_first(stores: &Stores) {
    assert_eq!(messages(stores, None, 5).await.rows, []);
    let mut newest_first = Vec::new();
    for number in 0..12 {
        // The order is that of posting, even when a clock was set back.
        let posted = Message {
            created_at: Timestamp(-number),
            ..message(&format!("Pesan {number}"))
        };
        newest_first.insert(0, post(stores, posted).await);
    }
    let page = messages(stores, None, 5).await;
    assert_eq!(
        (page.rows.as_slice(), page.has_more),
        (&newest_first[..5], true)
    );
    let page = messages(stores, Some(newest_first[4].id), 5).await;
    assert_eq!(
        (page.rows.as_slice(), page.has_more),
        (&newest_first[5..10], true)
    );
    let page = messages(stores, Some(newest_first[9].id), 5).await;
    assert_eq!(
        (page.rows.as_slice(), page.has_more),
        (&newest_first[10..], false)
    );
    let page = messages(stores, None, 12).await;
    assert_eq!(
        (page.rows.as_slice(), page.has_more),
        (&newest_first[..], false)
    );
    assert_eq!(messages(stores, Some(i64::MIN), 5).await.rows, []);
}

pub async fn a_message_is_read_back_as_written(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    let full = Message {
        message: "\u{1F4DA}".repeat(1000),
        name: Some("\u{1D11E}".repeat(50)),
        person_id: Some(ani.id),
        ..message("")
    };
    let full = post(stores, full).await;
    let lines = post(stores, message("satu\ndua\t'; DROP TABLE message; --")).await;
    assert_eq!(messages(stores, None, 5).await.rows, [lines, full]);
}

pub async fn a_walk_meets_each_message_once_while_others_come_and_go(stores: &Stores) {
    let mut posted = Vec::new();
    for number in 0..40 {
        posted.push(post(stores, message(&number.to_string())).await.id);
    }
    let churn = async {
        for id in posted.iter().step_by(4) {
            take_down(stores, *id).await.expect("it is there");
            post(stores, message("baru")).await;
        }
    };
    let (met, ()) = tokio::join!(walk(stores), churn);
    assert!(
        met.is_sorted_by(|one, next| one > next),
        "each once, newest first"
    );
    let staying = posted
        .iter()
        .enumerate()
        .filter(|(index, _)| index % 4 != 0);
    for (_, id) in staying {
        assert!(met.contains(id), "{id} was missed");
    }
}

async fn walk(stores: &Stores) -> Vec<i64> {
    let (mut met, mut before) = (Vec::new(), None);
    loop {
        let page = messages(stores, before, 3).await;
        met.extend(page.rows.iter().map(|message| message.id));
        match page.rows.last() {
            Some(last) if page.has_more => before = Some(last.id),
            _ => return met,
        }
        tokio::task::yield_now().await;
    }
}

pub async fn a_message_is_removed_once(stores: &Stores) {
    let first = post(stores, message("satu")).await;
    let second = post(stores, message("dua")).await;
    take_down(stores, first.id).await.expect("it is there");
    assert!(matches!(
        take_down(stores, first.id).await,
        Err(StoreError::NotFound)
    ));
    assert_eq!(messages(stores, None, 5).await.rows, [second]);
}

pub async fn a_message_of_somebody_gone_has_no_author(stores: &Stores) {
    let ani = add(stores, &person("Ani")).await;
    remove(stores, &ani).await.expect("the version is right");
    let late = Message {
        person_id: Some(ani.id),
        ..message("terlambat")
    };
    let posted = post(stores, late).await;
    let found = messages(stores, None, 5).await.rows;
    let orphan = Message {
        person_id: None,
        ..posted
    };
    assert_eq!(found, [orphan]);
}
