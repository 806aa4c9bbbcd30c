//! What the edge counts of bans.

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::register::gauge;

/// Handles; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct BanMetrics {
    /// How many are in force here.
    pub(crate) in_force: Gauge,
    /// Whether their store answers.
    pub(crate) followed: Gauge,
}

impl BanMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        Self {
            in_force: gauge(registry, "bans", "Bans in force at this edge"),
            followed: gauge(
                registry,
                "bans_followed",
                "1 while new bans and lifted ones are learned of, 0 while the last known stay in force",
            ),
        }
    }
}
