//! What is counted of each limit.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// What a limit does to a request, in nginx's words (`$limit_req_status`).
pub(crate) const OUTCOMES: [&str; 4] =
    ["rejected", "delayed", "rejected_dry_run", "delayed_dry_run"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    limit: String,
    outcome: &'static str,
}

impl Labels {
    fn new(limit: &str, outcome: &'static str) -> Self {
        Self {
            limit: limit.to_owned(),
            outcome,
        }
    }
}

/// The counters of all limits, before there are any.
#[derive(Debug, Default)]
pub(crate) struct LimitCounts(Family<Labels, Counter>);

impl LimitCounts {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let own = Self::default();
        let help = "Requests that a limit rejected or delayed, or would have";
        registry.register("limited", help, own.0.clone());
        own
    }

    /// One counter for each outcome.
    pub(crate) fn of(&self, limit: &str) -> [Counter; OUTCOMES.len()] {
        OUTCOMES.map(|outcome| self.0.get_or_create_owned(&Labels::new(limit, outcome)))
    }

    /// Nothing is shown any more of a limit that is gone.
    pub(crate) fn forget(&self, limit: &str) {
        for outcome in OUTCOMES {
            self.0.remove(&Labels::new(limit, outcome));
        }
    }
}
