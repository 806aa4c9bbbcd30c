//! Servers that follow the one in charge: who is shown them, and who is not.

use std::time::Duration;

use school::Stores;
use school::reading::{Reader, newest};
use store::postgres::{Options, open};
use store::{OpenError, Opened};
use testkit::postgres::Server;
use tokio::time::timeout;

use crate::person::{add, names};

const ANI: Reader = Reader(1);
const BUDI: Reader = Reader(2);
const PATIENCE: Duration = Duration::from_secs(20);

/// A server, one that follows it, and the store that reads from that.
struct Pair {
    primary: Server,
    replica: Server,
    opened: Opened,
}

impl Pair {
    async fn new() -> Self {
        let primary = Server::default();
        open_with(&primary, None).await.unwrap().close();
        let replica = Server::replica(&primary);
        let opened = open_with(&primary, Some(&replica)).await.unwrap();
        let pair = Self {
            primary,
            replica,
            opened,
        };
        pair.until_replica_is("at ").await;
        pair
    }

    fn stores(&self) -> &Stores {
        &self.opened.stores
    }

    fn replica_is(&self) -> String {
        let more = self.opened.status().more;
        let mut found = more.into_iter().filter(|(name, _)| *name == "replicas");
        found.next().expect("a line on replicas").1
    }

    async fn until_replica_is(&self, word: &str) {
        let told = async {
            while !self.replica_is().contains(word) {
                tokio::task::yield_now().await;
            }
        };
        let waited = timeout(PATIENCE, told).await;
        waited.unwrap_or_else(|_| panic!("{word}: {}", self.replica_is()));
    }

    async fn names_for(&self, reader: Reader) -> Vec<String> {
        reader.scope(names(self.stores())).await
    }

    async fn until_shown_to(&self, reader: Reader, expected: &[&str]) {
        let seen = async {
            while self.names_for(reader).await != expected {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, seen).await.unwrap();
    }
}

async fn open_with(primary: &Server, replica: Option<&Server>) -> Result<Opened, OpenError> {
    let replicas = replica.into_iter().map(|replica| replica.url().parse());
    let options = Options {
        replicas: replicas.collect::<Result<_, _>>().unwrap(),
        ..Options::new(primary.url().parse().unwrap())
    };
    open(&options).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_sees_it_at_once_and_others_within_a_moment_however_far_the_replica_lags() {
    let pair = Pair::new().await;
    ANI.scope(add(pair.stores(), "first")).await.unwrap();
    pair.until_shown_to(BUDI, &["first"]).await;
    pair.replica.sql("SELECT pg_wal_replay_pause()");
    ANI.scope(add(pair.stores(), "second")).await.unwrap();
    let others = pair.names_for(BUDI).await;
    assert_eq!(others, ["first"], "the replica is asked");
    assert_eq!(pair.names_for(ANI).await, ["first", "second"]);
    assert_eq!(names(pair.stores()).await, ["first", "second"]);
    let strict = BUDI.scope(newest(names(pair.stores()))).await;
    assert_eq!(strict, ["first", "second"]);
    pair.until_shown_to(BUDI, &["first", "second"]).await;
    assert_eq!(pair.replica.sql("SELECT pg_is_wal_replay_paused()"), "t");
    pair.replica.sql("SELECT pg_wal_replay_resume()");
    for number in 0..20 {
        let name = format!("N{number}");
        ANI.scope(add(pair.stores(), &name)).await.unwrap();
        let seen = pair.names_for(ANI).await;
        assert!(seen.contains(&name), "{name}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_killed_is_not_missed_and_is_used_again_when_it_is_back() {
    let mut pair = Pair::new().await;
    ANI.scope(add(pair.stores(), "Ani")).await.unwrap();
    pair.until_shown_to(BUDI, &["Ani"]).await;
    pair.replica.kill();
    for _ in 0..10 {
        assert_eq!(pair.names_for(BUDI).await, ["Ani"]);
    }
    pair.until_replica_is("away").await;
    pair.replica.start();
    pair.until_replica_is("at ").await;
    assert_eq!(pair.names_for(BUDI).await, ["Ani"]);
    pair.primary.kill();
    assert_eq!(pair.names_for(BUDI).await, ["Ani"], "it can still be read");
}
