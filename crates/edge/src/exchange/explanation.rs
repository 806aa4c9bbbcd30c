//! All that is known of a refusal, for whoever looks after this server.

use std::sync::atomic::Ordering::Relaxed;

use super::{Exchange, lock};

impl Exchange {
    /// The cause, and then what there is to say of site, limit, upstream and those who were tried.
    pub(crate) fn explanation(&self) -> String {
        let mut parts = vec![self.cause.get().copied().unwrap_or_default().to_owned()];
        let mut tell = |name: &str, value: &str| {
            if !value.is_empty() {
                parts.push(format!("{name}=\"{value}\""));
            }
        };
        tell("site", self.site.get().map_or("", |site| &site.label));
        tell("limit", self.limit_label());
        tell("upstream", self.asked().label());
        tell("failed", &self.failures());
        let attempts = self.attempts.load(Relaxed);
        if attempts > 0 {
            parts.push(format!("attempts={attempts}"));
        }
        parts.join("; ")
    }

    fn failures(&self) -> String {
        let failures = lock(&self.failures);
        let failures = failures
            .iter()
            .map(|one| format!("{} {}", one.target.label, one.cause));
        failures.collect::<Vec<_>>().join(", ")
    }
}
