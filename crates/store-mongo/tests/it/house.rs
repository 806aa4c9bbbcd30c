//! Records on SQLite beside a server, with messages and the trail on it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lifecycle::Password;
use school::audit::{Verdict, verify};
use school::messages::{MessageInput, Posting, post};
use school::outbox::Outbox;
use school::stores::StoreHealth;
use school::{Actor, Limit, Repeat, StoreError, Stores, Timestamp};
use store::Opened;
use store::sqlite;
use store_mongo::{Messages, Options, Trail};
use tempfile::TempDir;
use testkit::mongo::PASSWORD;
use tokio::time::timeout;

/// When everything happens: 2026-11-20 12:00 UTC.
pub(crate) const NOON: Timestamp = Timestamp(1_795_176_000_000_000);

/// The records' directory, the opened stores, and every port over them.
pub(crate) struct House {
    pub(crate) directory: TempDir,
    pub(crate) records: Opened,
    pub(crate) messages: Arc<Messages>,
    pub(crate) trail: Arc<Trail>,
    pub(crate) stores: Stores,
}

impl House {
    /// New records beside a database of a server.
    pub(crate) async fn new(url: &str) -> Self {
        Self::over(TempDir::new().unwrap(), url).await
    }

    /// The records of this directory beside a database of a server.
    pub(crate) async fn over(directory: TempDir, url: &str) -> Self {
        let records = open_records(&directory);
        let outbox = records.outbox.clone();
        Self::with(directory, records, url, outbox).await
    }

    /// As `over`, with an outbox that a test has a hand in.
    pub(crate) async fn with(
        directory: TempDir,
        records: Opened,
        url: &str,
        outbox: Arc<dyn Outbox>,
    ) -> Self {
        let own = records.stores.clone();
        let messages = Messages::open(options(url), own.clone(), outbox.clone())
            .await
            .unwrap();
        let trail = Trail::open(options(url), own.audit.clone(), outbox)
            .await
            .unwrap();
        let (messages, trail) = (Arc::new(messages), Arc::new(trail));
        let health = Healths(vec![own.health.clone(), messages.clone(), trail.clone()]);
        let stores = Stores {
            messages: messages.clone(),
            audit: trail.clone(),
            health: Arc::new(health),
            ..own
        };
        Self {
            directory,
            records,
            messages,
            trail,
            stores,
        }
    }

    /// Ends everything but the directory.
    pub(crate) fn leave(self) -> TempDir {
        self.messages.close();
        self.trail.close();
        self.records.close();
        self.directory
    }

    /// Moves all that waits, as soon as the server can be reached.
    pub(crate) async fn settle(&self) {
        let settled = async {
            while self.messages.settle().await.is_err() || self.trail.settle().await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        timeout(Duration::from_secs(20), settled).await.unwrap();
    }
}

pub(crate) fn open_records(directory: &TempDir) -> Opened {
    let path = directory.path().join("pendopo.db");
    sqlite::open(&path, &sqlite::Options::default()).unwrap()
}

pub(crate) fn options(url: &str) -> Options {
    Options {
        address: url.parse().unwrap(),
        password: Password::plain(PASSWORD.to_owned().into()),
    }
}

/// Every store's health.
struct Healths(Vec<Arc<dyn StoreHealth>>);

#[async_trait]
impl StoreHealth for Healths {
    async fn check(&self) -> Result<(), StoreError> {
        for health in &self.0 {
            health.check().await?;
        }
        Ok(())
    }
}

/// Waits until everything can be asked.
pub(crate) async fn become_well(stores: &Stores) {
    let well = async {
        while stores.health.check().await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), well).await.unwrap();
}

/// Posts a message, as somebody does who names a key.
pub(crate) async fn say(stores: &Stores, text: &str) -> Result<i64, StoreError> {
    let input = MessageInput {
        message: text.to_owned(),
        name: None,
    };
    let repeat = Repeat::new("console".to_owned(), text, &[text.as_bytes()], NOON);
    let (new, actor) = (input.check().unwrap(), Actor::console());
    match post(stores, &actor, Posting::Open, new, repeat, NOON).await {
        Ok(done) => Ok(done.into_object().id),
        Err(school::messages::MessageError::Store(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

/// Posts it again and again, as long as the answer is that a store is away.
pub(crate) async fn insist(stores: &Stores, text: &str) -> i64 {
    loop {
        match say(stores, text).await {
            Ok(id) => return id,
            Err(StoreError::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Every text, newest first.
pub(crate) async fn texts(stores: &Stores) -> Vec<String> {
    let (mut texts, mut before) = (Vec::new(), None);
    loop {
        let page = stores.messages.list(before, Limit::new(7).unwrap()).await;
        let page = page.unwrap();
        before = page.rows.last().map(|message| message.id);
        texts.extend(page.rows.into_iter().map(|message| message.message));
        if !page.has_more {
            return texts;
        }
    }
}

/// How many entries the whole trail has, all of which are sound.
pub(crate) async fn sound_entries(stores: &Stores) -> i64 {
    match verify(stores, &Actor::console()).await.unwrap() {
        Verdict::Sound { entries, .. } => entries,
        broken @ Verdict::Broken { .. } => panic!("{broken:?}"),
    }
}
