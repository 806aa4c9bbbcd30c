//! What the edge counts, under the prefix `edge`. Handles are looked up once; counting is one atomic addition.

mod bans;
mod limits;
mod register;

use http::Version;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::access_log::LogMetrics;
use crate::connections::Full;
use crate::error::{self, Refusal};
use crate::upstream::Families;
use crate::watchdog::Overdue;
pub(crate) use bans::BanMetrics;
pub(crate) use limits::{LimitCounts, OUTCOMES};
use register::{by_cause, counter, gauge};

const OVERDUE: [&str; 4] = ["head", "idle", "write", "overhead"];
const FULL: [&str; 2] = ["in_all", "for_address"];
const HANDSHAKE: [&str; 2] = ["refused", "timeout"];

pub(crate) struct Metrics {
    requests: [[Counter; 5]; 3],
    refused: Vec<Counter>,
    pub(crate) limits: LimitCounts,
    dropped_headers: Counter,
    pub(crate) connections: ConnectionMetrics,
    /// The end of the served certificate, in seconds of Unix time.
    pub(crate) certificate_expires: Gauge,
    /// How many pairs of the operator's own can't be used as they stand in their files.
    pub(crate) certificate_faults: Gauge,
    /// Whether clients stand behind a gateway that hides them.
    pub(crate) client_ip_masked: Gauge,
    pub(crate) bans: BanMetrics,
    pub(crate) log: LogMetrics,
    pub(crate) upstreams: Families,
}

pub(crate) struct ConnectionMetrics {
    pub(crate) open: Gauge,
    overdue: Vec<Counter>,
    refused: Vec<Counter>,
    handshakes_failed: Vec<Counter>,
    exhausted: Counter,
    banned: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("edge");
        let causes = error::ALL.iter().map(|refusal| refusal.cause);
        Self {
            requests: register::requests(registry),
            refused: by_cause(registry, "refused", "Requests refused by the edge", causes),
            limits: LimitCounts::register(registry),
            dropped_headers: counter(
                registry,
                "headers_dropped",
                "Headers dropped as unsafe behind a proxy",
            ),
            connections: ConnectionMetrics::register(registry),
            certificate_expires: gauge(
                registry,
                "certificate_expires",
                "End of the served certificate, in Unix time",
            ),
            certificate_faults: gauge(
                registry,
                "certificate_faults",
                "Own certificates whose files can't be used as they stand, so that the last good one serves",
            ),
            client_ip_masked: gauge(
                registry,
                "client_ip_masked",
                "1 while nearly all requests come from one gateway's address",
            ),
            bans: BanMetrics::register(registry),
            log: LogMetrics::register(registry),
            upstreams: Families::register(registry),
        }
    }

    pub(crate) fn answered(&self, version: Version, status: u16) {
        let protocol = match version {
            Version::HTTP_10 => 0,
            Version::HTTP_2 => 2,
            _ => 1,
        };
        self.requests[protocol][usize::from(status / 100).clamp(1, 5) - 1].inc();
    }

    pub(crate) fn refused(&self, refusal: &'static Refusal) {
        let place = error::ALL
            .iter()
            .position(|one| std::ptr::eq(*one, refusal));
        place.map(|place| self.refused[place].inc());
    }

    pub(crate) fn dropped_headers(&self, count: u64) {
        if count > 0 {
            self.dropped_headers.inc_by(count);
        }
    }
}

impl ConnectionMetrics {
    fn register(registry: &mut Registry) -> Self {
        Self {
            open: gauge(registry, "connections_open", "Connections open now"),
            overdue: by_cause(
                registry,
                "connections_overdue",
                "Connections closed at a deadline, or for too much that serves no request",
                OVERDUE,
            ),
            refused: by_cause(
                registry,
                "connections_refused",
                "Connections closed for want of room",
                FULL,
            ),
            handshakes_failed: by_cause(
                registry,
                "handshakes_failed",
                "TLS handshakes that failed",
                HANDSHAKE,
            ),
            exhausted: counter(
                registry,
                "descriptors_exhausted",
                "Accepts that failed for want of open files",
            ),
            banned: counter(
                registry,
                "connections_banned",
                "Connections closed since their client is banned",
            ),
        }
    }

    pub(crate) fn overdue(&self, what: Overdue) {
        self.overdue[what as usize].inc();
    }

    pub(crate) fn refused(&self, full: Full) {
        self.refused[full as usize].inc();
    }

    pub(crate) fn banned(&self) {
        self.banned.inc();
    }

    pub(crate) fn handshake_failed(&self) {
        self.handshakes_failed[0].inc();
    }

    pub(crate) fn handshake_timed_out(&self) {
        self.handshakes_failed[1].inc();
    }

    /// Counts; true for the first time.
    pub(crate) fn exhausted(&self) -> bool {
        self.exhausted.inc() == 0
    }
}
