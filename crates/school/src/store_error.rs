//! What can go wrong at a port, in words that any store can say.

use std::error::Error;

/// A boxed cause, for the log only.
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a port could not do what was asked. Nothing of a failed unit of work remains.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not there, or not any more.
    #[error("no such row")]
    NotFound,
    /// The row was changed by somebody else since it was read.
    #[error("the row was changed by somebody else")]
    Stale,
    /// Another row has this value; the name of the field.
    #[error("`{0}` is already in use")]
    Taken(&'static str),
    /// The school would be left without an administrator who can sign in.
    #[error("the last administrator can't be removed, disabled or made something else")]
    LastAdmin,
    /// The key was used before for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The search took too long.
    #[error("the search took too long")]
    TooSlow,
    /// No room is left: nothing was written.
    #[error("the disk is full")]
    Full(#[source] Cause),
    /// The store can't be reached or can't answer now; trying again later may help.
    #[error("the store is not available: {0}")]
    Unavailable(#[source] Cause),
    /// The store answered what it never should; trying again will not help.
    #[error("the store is damaged: {0}")]
    Corrupt(#[source] Cause),
}
