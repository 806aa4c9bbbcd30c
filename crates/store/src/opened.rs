//! An opened store: the ports it serves, what it says of itself, and how it ends.

use std::sync::Arc;

use async_trait::async_trait;
use school::outbox::Outbox;
use school::{StoreError, Stores};
use traffic::BanStore;

use crate::engine::{Engine, Sql, Turn};
use crate::status::Status;

/// An opened store; cheap to clone. When the last clone and the last of its ports are gone, it is closed.
#[derive(Clone)]
pub struct Opened {
    /// Every port.
    pub stores: Stores,
    /// What other stores are to be given.
    pub outbox: Arc<dyn Outbox>,
    /// Bans.
    pub bans: Arc<dyn BanStore>,
    running: Arc<dyn Running>,
}

/// The engine behind the ports, whichever it is.
#[async_trait]
trait Running: Send + Sync {
    fn status(&self) -> Status;
    async fn turn(&self) -> Result<Turn, StoreError>;
    fn close(&self);
}

#[async_trait]
impl<E: Engine> Running for Sql<E> {
    fn status(&self) -> Status {
        self.engine.status()
    }

    async fn turn(&self) -> Result<Turn, StoreError> {
        self.engine.turn().await
    }

    fn close(&self) {
        self.engine.close();
    }
}

impl Opened {
    pub(crate) fn over(engine: impl Engine) -> Self {
        let sql = Sql::over(engine);
        Self {
            stores: stores(&sql),
            outbox: sql.clone(),
            bans: sql.clone(),
            running: sql,
        }
    }

    /// What the store says of itself now.
    pub fn status(&self) -> Status {
        self.running.status()
    }

    /// Waits until nobody else prepares the same database: a file has one server anyhow, a server may have many.
    pub async fn turn(&self) -> Result<Turn, StoreError> {
        self.running.turn().await
    }

    /// Does every write that is queued, and refuses new ones; SQLite leaves one file without a log. Blocks until then.
    pub fn close(&self) {
        self.running.close();
    }
}

fn stores<E: Engine>(sql: &Arc<Sql<E>>) -> Stores {
    Stores {
        people: sql.clone(),
        tokens: sql.clone(),
        sessions: sql.clone(),
        messages: sql.clone(),
        audit: sql.clone(),
        settings: sql.clone(),
        health: sql.clone(),
    }
}
