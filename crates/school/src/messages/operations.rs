//! What may be done with messages, and by whom.

use super::{Message, NewMessage, Posting};
use crate::actor::{Actor, Denied};
use crate::audit::{Action, Change};
use crate::page::{Limit, Page};
use crate::repeat::{Done, Inserted, Repeat};
use crate::role::Role;
use crate::store_error::StoreError;
use crate::stores::Stores;
use crate::time::Timestamp;

/// Why something could not be done with messages.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The actor may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// There is no such message.
    #[error("there is no such message")]
    NotFound,
    /// The store refused or failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for MessageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            other => Self::Store(other),
        }
    }
}

/// Posts a message.
pub async fn post(
    stores: &Stores,
    actor: &Actor,
    posting: Posting,
    new: NewMessage,
    repeat: Option<Repeat>,
    at: Timestamp,
) -> Result<Done<Message>, MessageError> {
    match posting {
        Posting::Open if actor.role.is_none() => {}
        Posting::Open | Posting::SignedIn => actor.must_be_writing(Role::Member)?,
    }
    let message = Message {
        id: 0,
        message: new.message,
        name: new.name,
        person_id: actor.person(),
        created_at: at,
    };
    let change = Change::new(actor, Action::MessagePost, at).after(&message);
    match stores.messages.insert(&message, change, repeat).await? {
        Inserted::New(id) => Ok(Done::First(Message { id, ..message })),
        Inserted::Repeated { id, after } => {
            let first: Message = serde_json::from_str(&after)
                .map_err(|error| StoreError::Corrupt(Box::new(error)))?;
            Ok(Done::Repeated(Message { id, ..first }))
        }
    }
}

/// One page of messages, newest first; anybody may read.
pub async fn list(
    stores: &Stores,
    before: Option<i64>,
    limit: Limit,
) -> Result<Page<Message>, MessageError> {
    Ok(stores.messages.list(before, limit).await?)
}

/// Takes a message down; staff may.
pub async fn remove(
    stores: &Stores,
    actor: &Actor,
    id: i64,
    at: Timestamp,
) -> Result<(), MessageError> {
    actor.must_be_writing(Role::Staff)?;
    Ok(stores
        .messages
        .delete(id, Change::new(actor, Action::MessageRemove, at))
        .await?)
}
