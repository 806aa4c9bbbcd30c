//! A server with messages, sessions and news on it, and records beside it in SQLite.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use lifecycle::Password;
use school::contract::Fresh;
use school::stores::StoreHealth;
use school::{Actor, Stores};
use store::Opened;
use store_redis::Redis;
use tempfile::TempDir;
use testkit::redis::Server;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long something may take that is done some time.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Stores of one process, and what runs beside them.
pub(crate) struct Process {
    pub(crate) stores: Stores,
    pub(crate) redis: Redis,
    /// The records alone.
    pub(crate) records: Opened,
    _beside: JoinSet<()>,
}

/// A server, and one process.
pub(crate) struct House {
    pub(crate) process: Process,
    pub(crate) server: Server,
    _directory: TempDir,
}

impl House {
    pub(crate) async fn new() -> Self {
        let server = Server::default();
        let directory = TempDir::new().unwrap();
        let process = Process::new(server.address(), directory.path()).await;
        Self {
            process,
            server,
            _directory: directory,
        }
    }

    pub(crate) fn stores(&self) -> &Stores {
        &self.process.stores
    }
}

impl Process {
    /// With everything on the server, or on what stands before it; the records in this directory.
    pub(crate) async fn new(address: SocketAddr, directory: &Path) -> Self {
        Self::of(at(&format!("redis://{address}")), directory).await
    }

    pub(crate) async fn of(redis: Redis, directory: &Path) -> Self {
        redis.check().await.unwrap();
        let records = records(directory);
        let mut beside = JoinSet::new();
        let (stores, running) = redis.with_sessions(records.stores.clone());
        beside.spawn(running);
        let (stores, running) = redis.with_messages(stores, 1000);
        beside.spawn(running);
        Self {
            stores,
            redis,
            records,
            _beside: beside,
        }
    }
}

pub(crate) fn at(url: &str) -> Redis {
    Redis::at(url.parse().unwrap(), Password::default())
}

pub(crate) fn records(directory: &Path) -> Opened {
    let options = store::sqlite::Options::default();
    store::sqlite::open(&directory.join("pendopo.db"), &options).unwrap()
}

/// For the contract.
pub(crate) async fn fresh() -> Fresh {
    let house = House::new().await;
    Fresh {
        stores: house.stores().clone(),
        kept: Box::new(house),
    }
}

/// As many entries as the trail has, all of them sound.
pub(crate) async fn sound_entries(stores: &Stores) -> i64 {
    use school::audit::{Verdict, verify};
    match verify(stores, &Actor::console()).await.unwrap() {
        Verdict::Sound { entries, .. } => entries,
        broken @ Verdict::Broken { .. } => panic!("{broken:?}"),
    }
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(timeout(SOON, waiting).await.is_ok(), "{what}");
}
