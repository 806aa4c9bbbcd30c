//! How the backups stand, told as facts and as metrics.

use lifecycle::Facts;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use school::Timestamp;
use store::backup::{Backup, State};

pub(super) struct Standing {
    facts: Facts,
    metrics: Metrics,
}

#[derive(Default)]
struct Metrics {
    made: Gauge,
    proved: Gauge,
    size: Gauge,
    failures: Counter,
}

impl Metrics {
    fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let registry = registry.sub_registry_with_prefix("pendopo_backup");
        let mut gauge = |name, help, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge(
            "made",
            "When the newest backup was made, in Unix time",
            &metrics.made,
        );
        gauge(
            "proved",
            "When a backup was last restored and found whole, in Unix time",
            &metrics.proved,
        );
        gauge("size", "Bytes of the newest backup", &metrics.size);
        registry.register(
            "failures",
            "Backups that could not be made or proved",
            metrics.failures.clone(),
        );
        metrics
    }
}

impl Standing {
    pub(super) fn new(facts: Facts, registry: &mut Registry) -> Self {
        Self {
            facts,
            metrics: Metrics::register(registry),
        }
    }

    pub(super) fn state(&self, name: &str, value: impl Into<String>) {
        self.facts.state("backup", name, value);
    }

    /// Tells of these, the newest first.
    pub(super) fn tell(&self, backups: &[Backup]) {
        let none = || "none".to_owned();
        let (newest, proved) = (backups.first(), last_proved(backups));
        self.state(
            "last",
            newest.map_or_else(none, |newest| newest.name.clone()),
        );
        let verified = proved.map_or_else(none, |at| whole(at).to_string());
        self.state("last verified restore", verified);
        let seconds = |at: Timestamp| at.0 / 1_000_000;
        self.metrics.proved.set(proved.map_or(0, seconds));
        if let Some(newest) = newest {
            self.metrics.made.set(seconds(newest.made_at));
            let size = i64::try_from(newest.size).unwrap_or(i64::MAX);
            self.metrics.size.set(size);
        }
    }

    pub(super) fn fails(&self, error: &str) {
        tracing::error!(error, "no backup was made");
        self.metrics.failures.inc();
        self.state("last error", error);
    }

    #[cfg(test)]
    pub(super) fn fact(&self, name: &str) -> String {
        let facts = self.facts.list().into_iter();
        let mut found = facts.filter(|(part, own, _)| *part == "backup" && own == name);
        found.next().map(|(.., value)| value).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn failures(&self) -> u64 {
        self.metrics.failures.get()
    }

    #[cfg(test)]
    pub(super) fn proved(&self) -> i64 {
        self.metrics.proved.get()
    }
}

/// When one that is still whole was last restored.
pub(crate) fn last_proved(backups: &[Backup]) -> Option<Timestamp> {
    let proved = backups
        .iter()
        .filter(|backup| backup.state() == State::Proved);
    proved
        .filter_map(|backup| Some(backup.note.as_ref()?.proved_at))
        .max()
}

/// In whole seconds.
pub(super) fn whole(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0.rem_euclid(1_000_000))
}
