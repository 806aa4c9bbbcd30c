//! Whether the stores can answer, asked at most once a second however often somebody wants to know.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use school::stores::StoreHealth;
use tokio::time::timeout;

/// How long a store may take to answer.
const DEADLINE: Duration = Duration::from_secs(1);
/// How long an answer counts. `GET /health` is open to all and not limited: it must not reach the writer each time.
const FRESH: Duration = Duration::from_secs(1);

/// The last answer.
#[derive(Default)]
pub(crate) struct Health {
    last: Mutex<Option<(Instant, bool)>>,
}

impl Health {
    /// Whether the stores answer. Takes a second at most.
    pub(crate) async fn is_healthy(&self, store: &dyn StoreHealth) -> bool {
        if let Some(is_healthy) = self.known() {
            return is_healthy;
        }
        let is_healthy = match timeout(DEADLINE, store.check()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(error = %error, "the store is not healthy");
                false
            }
            Err(_) => {
                tracing::warn!("the store did not answer within a second");
                false
            }
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), is_healthy));
        is_healthy
    }

    fn known(&self) -> Option<bool> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|(at, _)| at.elapsed() < FRESH)
            .map(|(_, is_healthy)| is_healthy)
    }
}
