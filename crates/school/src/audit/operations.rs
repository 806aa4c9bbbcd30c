//! Reading the trail, and proving it.

use super::{CHAIN_START, Entry, Verdict};
use crate::actor::{Actor, Denied};
use crate::page::{Limit, Page};
use crate::role::Role;
use crate::store_error::StoreError;
use crate::stores::Stores;

/// Why the trail can't be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// Only administrators may.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One page of the trail, newest first.
pub async fn list(
    stores: &Stores,
    actor: &Actor,
    before: Option<i64>,
    limit: Limit,
) -> Result<Page<Entry>, AuditError> {
    actor.must_be(Role::Admin)?;
    Ok(stores.audit.list(before, limit).await?)
}

/// Walks the whole trail and checks each link.
pub async fn verify(stores: &Stores, actor: &Actor) -> Result<Verdict, AuditError> {
    const ROWS: usize = 1000;
    actor.must_be(Role::Admin)?;
    let (mut entries, mut head) = (0, CHAIN_START);
    loop {
        let rows = stores.audit.walk(entries, ROWS).await?;
        for entry in &rows {
            if entry.seq != entries + 1 || entry.hash != entry.chained(&head) {
                return Ok(Verdict::Broken { seq: entries + 1 });
            }
            (entries, head) = (entry.seq, entry.hash);
        }
        if rows.len() < ROWS {
            return Ok(Verdict::Sound { entries, head });
        }
    }
}
