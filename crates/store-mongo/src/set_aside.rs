//! Putting aside what a server keeps of records that are replaced by others: those are moved there anew.

use std::time::Duration;

use mongodb::error::ErrorKind;
use school::StoreError;
use tokio::time::timeout;

use crate::failure::store_error;
use crate::link::{Link, Options, unavailable};
use crate::{messages, trail};

/// What a server may keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Messages.
    Messages,
    /// The audit trail.
    Trail,
}

/// MongoDB does it at once; one that copies every document takes a while.
const PATIENCE: Duration = Duration::from_mins(2);
/// The server's code for a collection that is not there.
const NOTHING_THERE: i32 = 26;

/// Gives the collection another name, which ends so; answers it, or `None` if there was nothing. Nobody may be moving
/// to the server meanwhile.
pub async fn set_aside(
    options: Options,
    kept: Kept,
    ending: &str,
) -> Result<Option<String>, StoreError> {
    let collection = match kept {
        Kept::Messages => messages::COLLECTION,
        Kept::Trail => trail::COLLECTION,
    };
    let link = Link::new(options, collection);
    link.refresh().await?;
    let name = format!("{collection}_{ending}");
    match timeout(PATIENCE, link.rename(&name)).await {
        Ok(Ok(())) => Ok(Some(name)),
        Ok(Err(error)) if is_nothing_there(&error) => Ok(None),
        Ok(Err(error)) => Err(store_error(error)),
        Err(_) => Err(unavailable(format!(
            "the MongoDB server did not give `{collection}` another name within {} s",
            PATIENCE.as_secs()
        ))),
    }
}

fn is_nothing_there(error: &mongodb::error::Error) -> bool {
    matches!(&*error.kind, ErrorKind::Command(told) if told.code == NOTHING_THERE)
}
