//! What the log's writer counts.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds in seconds.
const DURATIONS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// Counted by the log's writer.
#[derive(Clone)]
pub(crate) struct LogMetrics {
    pub(crate) duration: Histogram,
    pub(crate) dropped: Counter,
    pub(crate) errors: Counter,
}

impl LogMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let counts = Self {
            duration: Histogram::new(DURATIONS),
            dropped: Counter::default(),
            errors: Counter::default(),
        };
        registry.register(
            "request_duration_seconds",
            "From the head read to the answer handed over",
            counts.duration.clone(),
        );
        registry.register(
            "log_dropped",
            "Access records that could not be kept",
            counts.dropped.clone(),
        );
        registry.register(
            "log_errors",
            "Failed writes of the access log",
            counts.errors.clone(),
        );
        counts
    }
}
