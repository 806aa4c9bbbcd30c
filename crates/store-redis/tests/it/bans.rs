//! Bans on the server: the contract of their port, what a killed server and a cut way do to them, and their bound.

use std::future::{Ready, ready};
use std::slice::from_ref;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use school::Stores;
use tempfile::TempDir;
use testkit::Cable;
use testkit::redis::Server;
use tokio::task::JoinSet;
use tokio::time::timeout;
use traffic::ban_contract::{Fresh, Told, Trail, at, author, ban};
use traffic::{Ban, BanError, BanSource, BanStore, MOST_BANS};

use crate::house::{at as server_at, records, until};

/// A process with bans on a server, and its records.
struct House {
    bans: Arc<dyn BanStore>,
    redis: store_redis::Redis,
    records: store::Opened,
    _beside: JoinSet<()>,
    _directory: TempDir,
}

impl House {
    fn at(url: &str) -> Self {
        let (directory, redis) = (TempDir::new().unwrap(), server_at(url));
        let records = records(directory.path());
        let (bans, running) = redis.with_bans(records.stores.audit.clone());
        let mut beside = JoinSet::new();
        beside.spawn(running);
        Self {
            bans,
            redis,
            records,
            _beside: beside,
            _directory: directory,
        }
    }

    async fn told(&self) -> usize {
        OfRecords(self.records.stores.clone()).told().await.len()
    }
}

struct OfRecords(Stores);

#[async_trait]
impl Trail for OfRecords {
    async fn told(&self) -> Vec<Told> {
        let entries = self.0.audit.walk(0, 1000).await.unwrap();
        let told = entries.into_iter().map(|entry| {
            let (before, after) = (entry.before.as_deref(), entry.after.as_deref());
            Told::read(entry.action, entry.actor, entry.object_id, before, after)
        });
        told.collect()
    }
}

fn fresh() -> Ready<Fresh> {
    let server = Server::default();
    let house = House::at(&server.url());
    ready(Fresh {
        bans: house.bans.clone(),
        trail: Box::new(OfRecords(house.records.stores.clone())),
        kept: Box::new((house, server)),
    })
}

traffic::ban_contract_tests!(
    tokio::test(flavor = "multi_thread", worker_threads = 2),
    fresh
);

mod bad_way {
    //! The same over a slow way whose connections were just half closed, after the server was killed and came back.

    use super::*;

    async fn fresh() -> Fresh {
        let mut server = Server::default();
        let cable = Cable::to(server.address());
        cable.delay(Duration::from_millis(1));
        let house = House::at(&format!("redis://{}", cable.address()));
        assert_eq!(list(&*house.bans).await, []);
        server.kill();
        server.start();
        assert_eq!(list(&*house.bans).await, []);
        cable.half_close();
        Fresh {
            bans: house.bans.clone(),
            trail: Box::new(OfRecords(house.records.stores.clone())),
            kept: Box::new((house, cable, server)),
        }
    }

    traffic::ban_contract_tests!(
        tokio::test(flavor = "multi_thread", worker_threads = 2),
        fresh
    );
}

/// Asks until the server is there.
async fn list(bans: &dyn BanSource) -> Vec<Ban> {
    let listed = async {
        loop {
            if let Ok(listed) = bans.list(at(0)).await {
                return listed;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), listed).await.unwrap()
}

#[tokio::test]
async fn bans_outlive_a_server_that_was_killed_and_are_seen_by_edges() {
    let mut server = Server::default();
    let house = House::at(&server.url());
    let edge = server_at(&server.url()).bans();
    let first = Ban {
        until: Some(at(60)),
        ..ban("203.0.113.7")
    };
    house.bans.put(&first, None, &author()).await.unwrap();
    let (state, found) = edge.changes(None, at(0)).await.unwrap().unwrap();
    assert_eq!(found, from_ref(&first));
    server.kill();
    let away = edge.changes(Some(state), at(0)).await;
    assert!(matches!(away, Err(BanError::Away(_))), "{away:?}");
    let away = house.bans.put(&ban("203.0.113.8"), None, &author()).await;
    assert!(matches!(away, Err(BanError::Away(_))), "{away:?}");
    server.start();
    assert_eq!(list(&*edge).await, [first]);
    assert!(edge.changes(Some(state), at(0)).await.unwrap().is_none());
    assert_eq!(edge.list(at(60)).await.unwrap(), []);
}

#[tokio::test]
async fn a_ban_whose_answer_was_lost_is_made_and_told_once() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let house = House::at(&format!("redis://{}", cable.address()));
    house
        .bans
        .put(&ban("203.0.113.1"), None, &author())
        .await
        .unwrap();
    cable.cut_after(b"203.0.113.7");
    house
        .bans
        .put(&ban("203.0.113.7"), None, &author())
        .await
        .unwrap();
    assert!(!cable.is_armed());
    cable.cut_before(b"203.0.113.8");
    house
        .bans
        .put(&ban("203.0.113.8"), None, &author())
        .await
        .unwrap();
    assert!(!cable.is_armed());
    assert_eq!(list(&*house.bans).await.len(), 3);
    until("each is told", async || house.told().await == 3).await;
    assert!(server.run("HLEN {pendopo}:untold").contains(":0"));
}

#[tokio::test]
async fn a_server_that_falls_silent_is_away_until_it_speaks() {
    let server = Server::default();
    let cable = Cable::to(server.address());
    let edge = server_at(&format!("redis://{}", cable.address())).bans();
    edge.changes(None, at(0)).await.unwrap();
    cable.fall_silent();
    let silent = timeout(Duration::from_secs(9), edge.changes(None, at(0)));
    let silent = silent.await.expect("a question has a deadline");
    assert!(matches!(silent, Err(BanError::Away(_))), "{silent:?}");
    cable.speak();
    assert_eq!(list(&*edge).await, []);
}

#[tokio::test]
async fn no_more_bans_are_held_than_there_may_be_until_some_have_ended() {
    let server = Server::default();
    let house = House::at(&server.url());
    let many: Vec<_> = (0..MOST_BANS)
        .map(|number| Ban {
            until: Some(at(60)),
            ..ban(&format!(
                "10.{}.{}.{}",
                number >> 16,
                number >> 8 & 255,
                number & 255
            ))
        })
        .collect();
    // As a restore does: one by one they would take a minute.
    house.redis.add_bans(&many).await.unwrap();
    assert_eq!(house.redis.replace_bans("before").await.unwrap(), None);
    let one_more = ban("203.0.113.7");
    let refused = house.bans.put(&one_more, None, &author()).await;
    assert!(matches!(refused, Err(BanError::Full)), "{refused:?}");
    assert_eq!(list(&*house.bans).await.len(), MOST_BANS);
    let later = Ban {
        since: at(60),
        ..one_more
    };
    house.bans.put(&later, None, &author()).await.unwrap();
    assert_eq!(list(&*house.bans).await, [later]);
    assert!(server.run("ZCARD {pendopo}:bans:ends").contains(":0"));
}

#[tokio::test]
async fn restored_bans_take_the_place_of_those_that_were_there() {
    let server = Server::default();
    let house = House::at(&server.url());
    let (was, restored) = (ban("203.0.113.7"), ban("203.0.113.8"));
    house.bans.put(&was, None, &author()).await.unwrap();
    let (state, _) = house.bans.changes(None, at(0)).await.unwrap().unwrap();
    house.redis.add_bans(&[was.clone(), was]).await.unwrap();
    house.redis.add_bans(from_ref(&restored)).await.unwrap();
    let aside = Some("{pendopo}:bans:before".to_owned());
    // A second time changes nothing.
    for _ in 0..2 {
        assert_eq!(house.redis.replace_bans("before").await.unwrap(), aside);
        let found = house.bans.changes(Some(state), at(0)).await.unwrap();
        assert_eq!(found.unwrap().1, from_ref(&restored));
    }
    house.redis.add_bans(&[]).await.unwrap();
    house.redis.replace_bans("again").await.unwrap();
    assert_eq!(house.bans.list(at(0)).await.unwrap(), []);
}
