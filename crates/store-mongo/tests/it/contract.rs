//! The behaviour that the school expects of every adapter: while messages and entries are on their way, and once they are
//! on the server. One server has a database for each behaviour.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use school::audit::{AuditStore, Entry};
use school::contract::Fresh;
use school::messages::{Message, MessageStore};
use school::page::{Limit, Page};
use school::{Change, Inserted, Repeat, StoreError, Stores};
use store_mongo::{Messages, Trail};
use testkit::mongo::Server;

use crate::house::{House, become_well};

/// Fresh records, and a database of the server's own for them.
async fn fresh(server: &Server, name: &str, ports: fn(&House) -> Stores) -> Fresh {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    // A test that fails shows which behaviour it was.
    println!("{name}");
    let database = format!("school{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let house = House::new(&server.url(&database)).await;
    become_well(&house.stores).await;
    Fresh {
        stores: ports(&house),
        kept: Box::new(house),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_behaviour_holds_while_all_is_on_its_way() {
    let server = Server::default();
    school::contract_in_turn!(|name| fresh(&server, name, |house| house.stores.clone()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_behaviour_holds_once_all_is_on_the_server() {
    let server = Server::default();
    school::contract_in_turn!(|name| fresh(&server, name, settled));
}

fn settled(house: &House) -> Stores {
    let settled = Arc::new(Settled {
        messages: house.messages.clone(),
        trail: house.trail.clone(),
    });
    Stores {
        messages: settled.clone(),
        audit: settled,
        ..house.stores.clone()
    }
}

/// Everything that was written is on the server before anything is read.
struct Settled {
    messages: Arc<Messages>,
    trail: Arc<Trail>,
}

#[async_trait]
impl MessageStore for Settled {
    async fn insert(
        &self,
        message: &Message,
        change: Change,
        repeat: Option<Repeat>,
    ) -> Result<Inserted, StoreError> {
        self.messages.insert(message, change, repeat).await
    }

    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Message>, StoreError> {
        self.messages.settle().await?;
        self.messages.list(before, limit).await
    }

    async fn delete(&self, id: i64, change: Change) -> Result<(), StoreError> {
        self.messages.settle().await?;
        self.messages.delete(id, change).await
    }
}

#[async_trait]
impl AuditStore for Settled {
    async fn append(
        &self,
        change: Change,
        object: i64,
        repeat: Repeat,
    ) -> Result<Inserted, StoreError> {
        self.trail.append(change, object, repeat).await
    }

    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Entry>, StoreError> {
        self.trail.settle().await?;
        self.trail.list(before, limit).await
    }

    async fn walk(&self, after: i64, rows: usize) -> Result<Vec<Entry>, StoreError> {
        self.trail.settle().await?;
        self.trail.walk(after, rows).await
    }
}
