//! Records that a test has a hand in: a step that fails as if the process had died there, and a read that comes late.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use school::audit::{AuditStore, Entry};
use school::messages::Message;
use school::outbox::Outbox;
use school::page::{Limit, Page};
use school::{Change, Inserted, Repeat, StoreError};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::house::{House, say};

/// The last step of a move, which the one who moved may not live to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Messages,
    Removals,
    Trail,
}

/// The records' outbox, but for one step that is never taken.
pub(crate) struct Dying {
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) at: Step,
    pub(crate) has_died: AtomicBool,
}

impl Dying {
    fn live(&self, step: Step) -> Result<(), StoreError> {
        if step != self.at {
            return Ok(());
        }
        self.has_died.store(true, Ordering::SeqCst);
        Err(StoreError::Unavailable("it died".into()))
    }
}

#[async_trait]
impl Outbox for Dying {
    async fn messages(&self, rows: usize) -> Result<Vec<Message>, StoreError> {
        self.outbox.messages(rows).await
    }

    async fn messages_moved(&self, last: i64) -> Result<(), StoreError> {
        self.live(Step::Messages)?;
        self.outbox.messages_moved(last).await
    }

    async fn remove_message(&self, id: i64, change: Change) -> Result<(), StoreError> {
        self.outbox.remove_message(id, change).await
    }

    async fn removals(&self, rows: usize) -> Result<Vec<i64>, StoreError> {
        self.outbox.removals(rows).await
    }

    async fn removals_moved(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.live(Step::Removals)?;
        self.outbox.removals_moved(ids).await
    }

    async fn trail_moved(&self, last: i64) -> Result<(), StoreError> {
        self.live(Step::Trail)?;
        self.outbox.trail_moved(last).await
    }

    async fn trail_left(&self) -> Result<i64, StoreError> {
        self.outbox.trail_left().await
    }
}

/// The records' outbox; who has read messages goes on only when it is let.
pub(crate) struct Late {
    pub(crate) outbox: Arc<dyn Outbox>,
    pub(crate) has_read: Semaphore,
    pub(crate) may_go_on: Semaphore,
}

impl Late {
    pub(crate) fn over(outbox: Arc<dyn Outbox>) -> Arc<Self> {
        Arc::new(Self {
            outbox,
            has_read: Semaphore::new(0),
            may_go_on: Semaphore::new(0),
        })
    }

    async fn wait(&self) {
        self.has_read.add_permits(1);
        let permit = self.may_go_on.acquire().await;
        permit.map(SemaphorePermit::forget).unwrap();
    }
}

#[async_trait]
impl Outbox for Late {
    async fn messages(&self, rows: usize) -> Result<Vec<Message>, StoreError> {
        let read = self.outbox.messages(rows).await?;
        if !read.is_empty() {
            self.wait().await;
        }
        Ok(read)
    }

    async fn messages_moved(&self, last: i64) -> Result<(), StoreError> {
        self.outbox.messages_moved(last).await
    }

    async fn remove_message(&self, id: i64, change: Change) -> Result<(), StoreError> {
        self.outbox.remove_message(id, change).await
    }

    async fn removals(&self, rows: usize) -> Result<Vec<i64>, StoreError> {
        self.outbox.removals(rows).await
    }

    async fn removals_moved(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.outbox.removals_moved(ids).await
    }

    async fn trail_moved(&self, last: i64) -> Result<(), StoreError> {
        self.outbox.trail_moved(last).await
    }

    async fn trail_left(&self) -> Result<i64, StoreError> {
        self.outbox.trail_left().await
    }
}

/// The records' trail; for some times, others write and move more just before somebody reads it.
pub(crate) struct Overtaken {
    pub(crate) by: Arc<House>,
    pub(crate) times: AtomicU32,
}

impl Overtaken {
    async fn overtake(&self) {
        let left = self
            .times
            .try_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        let Ok(left) = left else { return };
        for part in ["satu", "dua"] {
            say(&self.by.stores, &format!("{left} {part}"))
                .await
                .unwrap();
        }
        self.by.settle().await;
    }
}

#[async_trait]
impl AuditStore for Overtaken {
    async fn append(
        &self,
        change: Change,
        object: i64,
        repeat: Repeat,
    ) -> Result<Inserted, StoreError> {
        let records = &self.by.records.stores.audit;
        records.append(change, object, repeat).await
    }

    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Entry>, StoreError> {
        self.by.records.stores.audit.list(before, limit).await
    }

    async fn walk(&self, after: i64, rows: usize) -> Result<Vec<Entry>, StoreError> {
        self.overtake().await;
        self.by.records.stores.audit.walk(after, rows).await
    }
}
