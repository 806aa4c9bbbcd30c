//! What is counted of each upstream.

use std::sync::atomic::{AtomicBool, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::error::{self, Refusal};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UpstreamLabel {
    upstream: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FailureLabels {
    upstream: String,
    cause: &'static str,
}

/// The families, before there are upstreams.
#[derive(Debug, Default)]
pub(crate) struct Families {
    requests: Family<UpstreamLabel, Counter>,
    retries: Family<UpstreamLabel, Counter>,
    panics: Family<UpstreamLabel, Counter>,
    connections: Family<UpstreamLabel, Counter>,
    failures: Family<FailureLabels, Counter>,
    open: Family<UpstreamLabel, Gauge>,
    tunnels_open: Family<UpstreamLabel, Gauge>,
}

/// One upstream's counters.
#[derive(Debug)]
pub(crate) struct Counts {
    upstream: String,
    pub(crate) requests: Counter,
    pub(crate) retries: Counter,
    pub(crate) panics: Counter,
    pub(crate) connections: Counter,
    pub(crate) open: Gauge,
    tunnels_open: Gauge,
    failures: Family<FailureLabels, Counter>,
    /// Whether the upstream is gone: what its last requests come to is shown nowhere.
    is_closed: AtomicBool,
}

impl Families {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let own = Self::default();
        registry.register(
            "upstream_requests",
            "Requests sent to an upstream",
            own.requests.clone(),
        );
        registry.register(
            "upstream_retries",
            "Requests sent a second time",
            own.retries.clone(),
        );
        registry.register(
            "upstream_panics",
            "Requests sent to a target held for down, because all were",
            own.panics.clone(),
        );
        registry.register(
            "upstream_connections",
            "Connections made to an upstream",
            own.connections.clone(),
        );
        registry.register(
            "upstream_failures",
            "Tries that an upstream did not answer well, by cause",
            own.failures.clone(),
        );
        registry.register(
            "upstream_targets_open",
            "Targets of an upstream that are given requests",
            own.open.clone(),
        );
        registry.register(
            "upstream_tunnels_open",
            "WebSockets and other tunnels to an upstream, open now",
            own.tunnels_open.clone(),
        );
        own
    }

    /// Nothing is shown any more of an upstream that is gone.
    pub(crate) fn forget(&self, upstream: &str) {
        let label = UpstreamLabel {
            upstream: upstream.to_owned(),
        };
        for counters in [
            &self.requests,
            &self.retries,
            &self.panics,
            &self.connections,
        ] {
            counters.remove(&label);
        }
        for gauges in [&self.open, &self.tunnels_open] {
            gauges.remove(&label);
        }
        for refusal in error::ALL {
            self.failures.remove(&FailureLabels::new(upstream, refusal));
        }
    }

    pub(crate) fn of(&self, upstream: &str) -> Counts {
        let label = UpstreamLabel {
            upstream: upstream.to_owned(),
        };
        Counts {
            upstream: upstream.to_owned(),
            requests: self.requests.get_or_create_owned(&label),
            retries: self.retries.get_or_create_owned(&label),
            panics: self.panics.get_or_create_owned(&label),
            connections: self.connections.get_or_create_owned(&label),
            open: self.open.get_or_create_owned(&label),
            tunnels_open: self.tunnels_open.get_or_create_owned(&label),
            failures: self.failures.clone(),
            is_closed: AtomicBool::default(),
        }
    }
}

impl FailureLabels {
    fn new(upstream: &str, refusal: &'static Refusal) -> Self {
        Self {
            upstream: upstream.to_owned(),
            cause: refusal.cause,
        }
    }
}

/// One open tunnel; counted until dropped.
#[derive(Debug)]
pub(crate) struct OpenTunnel(Gauge);

impl Drop for OpenTunnel {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Counts {
    pub(crate) fn tunnel(&self) -> OpenTunnel {
        self.tunnels_open.inc();
        OpenTunnel(self.tunnels_open.clone())
    }

    pub(crate) fn failed(&self, refusal: &'static Refusal) {
        if !self.is_closed.load(Ordering::Relaxed) {
            let labels = FailureLabels::new(&self.upstream, refusal);
            self.failures.get_or_create(&labels).inc();
        }
    }

    /// To be called before the families forget the upstream.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }
}
