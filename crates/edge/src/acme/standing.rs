//! How the certificate stands, for people and for programs: facts, metrics, and the reason on the waiting page.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use lifecycle::Facts;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::plan::View;
use super::state::Trouble;
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
    missing: Gauge,
    /// 1 while what is under way can't be written.
    pub(crate) unkept: Gauge,
    /// Why a name has no certificate, where something went wrong.
    why: ArcSwap<BTreeMap<String, Arc<String>>>,
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
        let missing = Gauge::default();
        registry.register(
            "names_missing",
            "Names of `domains` that no certificate stands for",
            missing.clone(),
        );
        Self {
            facts,
            next,
            failures,
            fetched,
            held_back,
            unproved,
            missing,
            unkept,
            why: ArcSwap::default(),
        }
    }

    /// Why this name has no certificate yet.
    pub(crate) fn why(&self, domain: &str) -> Arc<String> {
        let why = self.why.load();
        why.get(&domain.to_ascii_lowercase())
            .cloned()
            .unwrap_or_else(|| Arc::new("it is being fetched".to_owned()))
    }

    /// Tells how things stand with the names that no certificate stands for.
    pub(crate) fn tell(&self, view: &View<'_>, missing: &[&str]) {
        let next = view.due();
        self.next.set(next.as_second());
        self.missing
            .set(i64::try_from(missing.len()).unwrap_or(i64::MAX));
        let faults = view.state.faults(view.domains);
        let failures = faults.first().map_or(0, |trouble| trouble.failures);
        self.failures.set(i64::from(failures));
        let errors: Vec<_> = faults.iter().map(|fault| fault.error.as_str()).collect();
        let state = |name, value| self.facts.state("edge", name, value);
        state("certificate next attempt", whole(next));
        state("certificate missing", or_none(missing.join(", ")));
        state("certificate last error", or_none(errors.join("; ")));
        let troubles = view.state.troubles.iter();
        let why = troubles.map(|(name, trouble)| (name.clone(), Arc::new(explain(trouble))));
        self.why.store(Arc::new(why.collect()));
    }
}

fn explain(trouble: &Trouble) -> String {
    let next = whole(trouble.not_before);
    format!("{}; it is tried again at {next}", trouble.error)
}

fn or_none(text: String) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        text
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
