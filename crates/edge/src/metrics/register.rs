//! Making metrics and the handles to them.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

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

/// Requests by protocol, then by class of status.
pub(super) fn requests(registry: &mut Registry) -> [[Counter; 5]; 3] {
    let family = Family::<RequestLabels, Counter>::default();
    registry.register("requests", "Requests answered", family.clone());
    let handle = |protocol, class| family.get_or_create_owned(&RequestLabels { protocol, class });
    PROTOCOLS.map(|protocol| CLASSES.map(|class| handle(protocol, class)))
}

pub(super) fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

pub(super) fn gauge(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    registry.register(name, help, gauge.clone());
    gauge
}

/// One counter for each cause, in their order.
pub(super) fn by_cause(
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
