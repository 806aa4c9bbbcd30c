//! What the edge counts. Handles are looked up once; counting is one atomic addition.

use http::Version;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::connections::Full;
use crate::error::{self, Refusal};
use crate::watchdog::Overdue;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    protocol: &'static str,
    class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CauseLabel {
    cause: &'static str,
}

const PROTOCOLS: [&str; 3] = ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const OVERDUE: [&str; 3] = ["head", "idle", "write"];
const FULL: [&str; 2] = ["in_all", "for_address"];
const HANDSHAKE: [&str; 2] = ["refused", "timeout"];

/// Counters and gauges under the prefix `edge`.
pub(crate) struct Metrics {
    requests: [[Counter; 5]; 3],
    refused: Vec<Counter>,
    overdue: [Counter; 3],
    refused_connections: [Counter; 2],
    handshakes_failed: [Counter; 2],
    dropped_headers: Counter,
    exhausted: Counter,
    pub(crate) connections_open: Gauge,
    pub(crate) certificate_expires: Gauge,
    pub(crate) duration: Histogram,
    pub(crate) log_dropped: Counter,
    pub(crate) log_errors: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let registry = registry.sub_registry_with_prefix("edge");
        let causes = error::ALL.iter().map(|refusal| refusal.cause);
        let (requests, duration) = answers(registry);
        let (connections_open, certificate_expires) = (Gauge::default(), Gauge::default());
        registry.register(
            "connections_open",
            "Connections open now",
            connections_open.clone(),
        );
        let help = "When the served certificate ends, in seconds of Unix time";
        registry.register("certificate_expires", help, certificate_expires.clone());
        Self {
            requests,
            refused: counters(
                registry,
                "refused",
                "Requests refused by the edge, by cause",
                causes,
            ),
            overdue: array(
                registry,
                "connections_overdue",
                "Connections closed at a deadline",
                OVERDUE,
            ),
            refused_connections: array(
                registry,
                "connections_refused",
                "Connections closed for want of room",
                FULL,
            ),
            handshakes_failed: array(
                registry,
                "handshakes_failed",
                "TLS handshakes that failed",
                HANDSHAKE,
            ),
            dropped_headers: counter(
                registry,
                "headers_dropped",
                "Headers dropped as unsafe behind a proxy",
            ),
            exhausted: counter(
                registry,
                "descriptors_exhausted",
                "Accepts that failed for want of open files",
            ),
            connections_open,
            certificate_expires,
            duration,
            log_dropped: counter(
                registry,
                "log_dropped",
                "Access records that could not be kept",
            ),
            log_errors: counter(registry, "log_errors", "Failed writes of the access log"),
        }
    }

    pub(crate) fn answered(&self, version: Version, status: u16) {
        let protocol = match version {
            Version::HTTP_10 => 0,
            Version::HTTP_2 => 2,
            _ => 1,
        };
        let class = usize::from(status / 100).clamp(1, CLASSES.len()) - 1;
        self.requests[protocol][class].inc();
    }

    pub(crate) fn refused(&self, refusal: &'static Refusal) {
        if let Some(place) = error::ALL
            .iter()
            .position(|one| std::ptr::eq(*one, refusal))
        {
            self.refused[place].inc();
        }
    }

    pub(crate) fn overdue(&self, what: Overdue) {
        self.overdue[what as usize].inc();
    }

    pub(crate) fn refused_connection(&self, full: Full) {
        self.refused_connections[full as usize].inc();
    }

    pub(crate) fn handshake_failed(&self, is_timeout: bool) {
        self.handshakes_failed[usize::from(is_timeout)].inc();
    }

    pub(crate) fn dropped_headers(&self, count: u64) {
        if count > 0 {
            self.dropped_headers.inc_by(count);
        }
    }

    /// Counts; true for the first time.
    pub(crate) fn descriptors_exhausted(&self) -> bool {
        self.exhausted.inc() == 0
    }
}

/// Requests by protocol and class of status, and the time they took.
fn answers(registry: &mut Registry) -> ([[Counter; 5]; 3], Histogram) {
    let requests = Family::<RequestLabels, Counter>::default();
    registry.register("requests", "Requests answered", requests.clone());
    let duration = Histogram::new([
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
    ]);
    registry.register(
        "request_duration_seconds",
        "From the head read to the answer handed over",
        duration.clone(),
    );
    let handle = |protocol, class| requests.get_or_create_owned(&RequestLabels { protocol, class });
    (
        PROTOCOLS.map(|protocol| CLASSES.map(|class| handle(protocol, class))),
        duration,
    )
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

/// One counter for each cause, in their order.
fn counters(
    registry: &mut Registry,
    name: &str,
    help: &str,
    causes: impl IntoIterator<Item = &'static str>,
) -> Vec<Counter> {
    let family = Family::<CauseLabel, Counter>::default();
    registry.register(name, help, family.clone());
    causes
        .into_iter()
        .map(|cause| family.get_or_create_owned(&CauseLabel { cause }))
        .collect()
}

fn array<const N: usize>(
    registry: &mut Registry,
    name: &str,
    help: &str,
    causes: [&'static str; N],
) -> [Counter; N] {
    let family = Family::<CauseLabel, Counter>::default();
    registry.register(name, help, family.clone());
    causes.map(|cause| family.get_or_create_owned(&CauseLabel { cause }))
}
