//! Why a group of units was not committed.

use school::{Inserted, StoreError};
use tokio_postgres::Error;

use super::failure::{is_of_connection, store_error};

pub(super) enum Fault {
    /// The unit at this place writes nothing: it failed, or was done before. Nothing of any was done.
    Unit(usize, Result<Inserted, StoreError>),
    /// One of several that shared a statement, and nothing was done: sent apart, it shows which.
    Shared,
    /// The connection broke, and nothing was done.
    Broken(StoreError),
    /// Whatever it was, it may be done or not.
    Group(StoreError),
}

impl Fault {
    /// By an error before the commit was sent.
    pub(super) fn before(error: &Error) -> Self {
        if is_of_connection(error) {
            Self::Broken(store_error(error))
        } else {
            Self::Group(write_error(error))
        }
    }

    /// By an error when the commit was on its way.
    pub(super) fn after(error: &Error) -> Self {
        Self::Group(write_error(error))
    }
}

fn write_error(error: &Error) -> StoreError {
    match store_error(error) {
        StoreError::TooSlow => {
            StoreError::Unavailable("the database took too long to write".into())
        }
        other => other,
    }
}
