//! The trail of the records, as the contract of bans reads it.

use async_trait::async_trait;
use store::Opened;
use traffic::ban_contract::{Told, Trail};

struct OfRecords(Opened);

/// The trail of these records.
pub(crate) fn of(opened: &Opened) -> Box<dyn Trail> {
    Box::new(OfRecords(opened.clone()))
}

#[async_trait]
impl Trail for OfRecords {
    async fn told(&self) -> Vec<Told> {
        let entries = self.0.stores.audit.walk(0, 1000).await.unwrap();
        let told = entries.into_iter().map(|entry| {
            let (before, after) = (entry.before.as_deref(), entry.after.as_deref());
            Told::read(entry.action, entry.actor, entry.object_id, before, after)
        });
        told.collect()
    }
}
