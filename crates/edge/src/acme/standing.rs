//! How the certificate stands, for people and for programs: facts, metrics, and the reason on the waiting page.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use lifecycle::Facts;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::state::State;
use crate::tls::Served;

/// What is told of the certificate; every part of it may be read from any thread.
pub(crate) struct Standing {
    facts: Facts,
    next: Gauge,
    failures: Gauge,
    pub(crate) fetched: Counter,
    /// Asks that came to nothing, since too many orders had been placed of late.
    pub(crate) held_back: Counter,
    pub(crate) unproved: Gauge,
    /// 1 while what is under way can't be written.
    pub(crate) unkept: Gauge,
    why: ArcSwapOption<String>,
}

impl Standing {
    pub(crate) fn register(registry: &mut Registry, facts: Facts) -> Self {
        let registry = registry.sub_registry_with_prefix("edge_certificate");
        let (next, failures, unproved) = (Gauge::default(), Gauge::default(), Gauge::default());
        let (fetched, held_back) = (Counter::default(), Counter::default());
        registry.register(
            "next_attempt",
            "When a certificate is fetched next, in seconds since 1970",
            next.clone(),
        );
        registry.register(
            "failures",
            "Failed attempts since the last success",
            failures.clone(),
        );
        let unkept = Gauge::default();
        registry.register(
            "unkept",
            "1 while what is under way can't be written, so that each attempt waits a minute",
            unkept.clone(),
        );
        registry.register("fetched", "Certificates fetched", fetched.clone());
        registry.register(
            "asks_held_back",
            "Asks for a certificate that came to nothing, since too many orders had been placed of late",
            held_back.clone(),
        );
        registry.register(
            "unproved",
            "1 while a handshake with our own listener does not show the certificate",
            unproved.clone(),
        );
        Self {
            facts,
            next,
            failures,
            fetched,
            held_back,
            unproved,
            unkept,
            why: ArcSwapOption::empty(),
        }
    }

    /// Why there is no certificate yet.
    pub(crate) fn why(&self) -> Arc<String> {
        self.why
            .load_full()
            .unwrap_or_else(|| Arc::new("it is being fetched".to_owned()))
    }

    /// Tells how things stand; `next` is when a certificate will be fetched.
    pub(crate) fn tell(&self, state: &State, domains: &[String], next: Timestamp) {
        self.next.set(next.as_second());
        self.facts
            .state("edge", "certificate next attempt", whole(next));
        let latest = state.latest(domains);
        let failures = latest.map_or(0, |trouble| trouble.failures);
        self.failures.set(i64::from(failures));
        let error = latest.map_or("none", |trouble| trouble.error.as_str());
        self.facts.state("edge", "certificate last error", error);
        let why = latest.map(|trouble| {
            let next = whole(trouble.not_before);
            Arc::new(format!("{}; it is tried again at {next}", trouble.error))
        });
        self.why.store(why);
    }
}

/// In one line: names, issuer, end.
pub(crate) fn describe(served: &Served) -> String {
    let names = served.names.texts().join(", ");
    format!(
        "for {names}; from {}; until {}",
        served.said.issuer,
        whole(served.said.not_after)
    )
}

/// To the second.
fn whole(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    whole.to_string()
}
