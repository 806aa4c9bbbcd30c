//! What the records hold until another store has it: messages, which of them were taken down, and the audit trail's entries.
//!
//! Where messages or the trail are kept elsewhere, a write is still one unit of work of the records, its audit entry
//! included. A mover takes what was written to the other store and says so here; only then does it leave the records.
//! Everything may be moved twice, and by several movers: each message and each entry has one number for good.

use async_trait::async_trait;

use crate::audit::Change;
use crate::messages::Message;
use crate::store_error::StoreError;

/// Port: the records' side of what is moved to another store.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Messages that are still here, oldest first.
    async fn messages(&self, rows: usize) -> Result<Vec<Message>, StoreError>;

    /// The other store has every message up to this id for good: they leave.
    async fn messages_moved(&self, last: i64) -> Result<(), StoreError>;

    /// Takes a message down, wherever it is by now; [`StoreError::NotFound`] if it was taken down before. Whether there
    /// ever was such a message is for the caller to know.
    async fn remove_message(&self, id: i64, change: Change) -> Result<(), StoreError>;

    /// Messages that were taken down, and which the other store may still show.
    async fn removals(&self, rows: usize) -> Result<Vec<i64>, StoreError>;

    /// The other store shows none of these any more.
    async fn removals_moved(&self, ids: &[i64]) -> Result<(), StoreError>;

    /// The other store has the trail up to this place for good: its entries leave, but for the last one of all, to which
    /// the next is chained.
    async fn trail_moved(&self, last: i64) -> Result<(), StoreError>;

    /// Up to which place entries may have left; 0 if none has.
    async fn trail_left(&self) -> Result<i64, StoreError>;
}
