//! What the audit trail is told of messages and sessions, whatever goes away meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use school::audit::{AuditStore, Entry};
use school::page::{Limit, Page};
use school::{Change, Inserted, Repeat, StoreError, Stores};

use crate::house::{House, sound_entries, until};
use crate::person::{NOON, add, ask, sign_in, texts};

/// A trail that is away at times.
struct Fickle {
    trail: Arc<dyn AuditStore>,
    is_away: AtomicBool,
}

#[async_trait]
impl AuditStore for Fickle {
    async fn append(
        &self,
        change: Change,
        object: i64,
        repeat: Repeat,
    ) -> Result<Inserted, StoreError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("it is away".into()));
        }
        self.trail.append(change, object, repeat).await
    }

    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Entry>, StoreError> {
        self.trail.list(before, limit).await
    }

    async fn walk(&self, after: i64, rows: usize) -> Result<Vec<Entry>, StoreError> {
        self.trail.walk(after, rows).await
    }
}

#[tokio::test]
async fn what_was_done_while_the_trail_was_away_is_told_once_it_is_back() {
    let house = House::new().await;
    let fickle = Arc::new(Fickle {
        trail: house.process.records.stores.audit.clone(),
        is_away: AtomicBool::new(true),
    });
    let stores = Stores {
        audit: fickle.clone(),
        ..house.process.records.stores.clone()
    };
    let ani = add(&stores, "Ani").await;
    let (stores, telling_sessions) = house.process.redis.with_sessions(stores);
    let (stores, telling) = house.process.redis.with_messages(stores, 10);
    ask(&stores, "Halo").await.unwrap();
    sign_in(&stores, &ani, 1).await.unwrap();
    assert_eq!(sound_entries(&stores).await, 1);
    let kept = house.server.run("HLEN {pendopo}:untold");
    assert!(kept.starts_with(":2"), "{kept}");
    fickle.is_away.store(false, Ordering::SeqCst);
    // The house's own rounds tell as well: once all the same.
    let beside = async { tokio::join!(telling, telling_sessions) };
    tokio::select! {
        _ = beside => unreachable!("it never ends"),
        () = until("all is told", async || sound_entries(&stores).await == 3) => {}
    }
    until("nothing is kept", async || {
        house.server.run("HLEN {pendopo}:untold").starts_with(":0")
    })
    .await;
    assert_eq!(sound_entries(&stores).await, 3);
}

#[tokio::test]
async fn a_key_that_stands_for_something_in_the_records_posts_nothing() {
    let house = House::new().await;
    let repeat = Repeat::new("visitor".to_owned(), "Halo", &[b"another"], NOON).unwrap();
    let change = crate::person::change(school::audit::Action::PersonCreate);
    let told = house.stores().audit.append(change, 7, repeat).await;
    told.unwrap();
    let refused = ask(house.stores(), "Halo").await;
    assert!(matches!(refused, Err(StoreError::KeyReused)), "{refused:?}");
    assert_eq!(texts(house.stores()).await, Vec::<String>::new());
    assert_eq!(sound_entries(house.stores()).await, 1);
    let kept = house.server.run("HLEN {pendopo}:untold");
    assert!(kept.starts_with(":0"), "{kept}");
}

#[tokio::test]
async fn only_the_newest_messages_are_kept_and_no_number_comes_twice() {
    let house = House::new().await;
    let records = house.process.records.stores.clone();
    let (stores, _telling) = house.process.redis.with_messages(records, 3);
    let mut last = 0;
    for number in 0..5 {
        last = ask(&stores, &number.to_string())
            .await
            .unwrap()
            .into_object();
    }
    assert_eq!(texts(&stores).await, ["4", "3", "2"]);
    let change = crate::person::change(school::audit::Action::MessageRemove);
    stores.messages.delete(last, change).await.unwrap();
    let next = ask(&stores, "next").await.unwrap().into_object();
    assert!(next > last, "{next} comes after {last}");
}
