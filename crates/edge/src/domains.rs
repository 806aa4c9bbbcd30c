//! The names this server is known by, for the tasks that keep its certificates: a reload may change them.

use std::sync::Arc;

use tokio::sync::watch;

/// Where other names are put in force.
pub(crate) type Naming = watch::Sender<Arc<[String]>>;

/// The names in force, and word of others. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Domains(watch::Receiver<Arc<[String]>>);

impl Domains {
    /// Those names, until others come by the other end.
    pub(crate) fn new(names: &[String]) -> (Naming, Self) {
        let (naming, names) = watch::channel(Arc::from(names));
        (naming, Self(names))
    }

    /// As they were configured.
    pub(crate) fn now(&self) -> Arc<[String]> {
        Arc::clone(&self.0.borrow())
    }

    /// Returns when there are others; safe to drop.
    pub(crate) async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody is left who could change them.
            std::future::pending::<()>().await;
        }
    }
}

/// As certificates spell them.
pub(crate) fn lower(domains: &[String]) -> Vec<String> {
    let lower = domains.iter().map(|domain| domain.to_ascii_lowercase());
    lower.collect()
}
