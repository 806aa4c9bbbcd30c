//! Settings with which nobody could be served if they were 0: elsewhere that often means "no limit".

use super::{Config, Span, UpstreamConfig};

const WHAT: &str = "must not be 0, by which nobody could be served: there is always a limit";

impl Config {
    /// The keys that are 0, each with the mend.
    pub(super) fn zero_faults(&self) -> Vec<(&'static str, String, String)> {
        let (timeout, request) = (&self.timeout, &self.request);
        let zeros = [
            (
                "edge.connections.per_address",
                self.connections.per_address == 0,
            ),
            ("edge.request.head", request.head.get() == 0),
            ("edge.request.target", request.target.get() == 0),
            ("edge.timeout.body", is_zero(timeout.body)),
            ("edge.timeout.body_idle", is_zero(timeout.body_idle)),
            ("edge.timeout.handshake", is_zero(timeout.handshake)),
            ("edge.timeout.head", is_zero(timeout.head)),
            ("edge.timeout.write", is_zero(timeout.write)),
        ];
        let fault = |(key, is_zero): (&'static str, bool)| {
            is_zero.then(|| (key, key.to_owned(), WHAT.to_owned()))
        };
        zeros.into_iter().filter_map(fault).collect()
    }
}

/// The keys of an upstream that are 0, each with the mend.
pub(super) fn of_upstream(upstream: &UpstreamConfig) -> impl Iterator<Item = (String, String)> {
    let check = upstream.check.as_ref();
    let zeros = [
        (
            "check.timeout",
            check.is_some_and(|check| is_zero(check.timeout)),
        ),
        ("connect_timeout", is_zero(upstream.connect_timeout)),
        ("head_timeout", is_zero(upstream.head_timeout)),
        ("idle_timeout", is_zero(upstream.idle_timeout)),
        ("stream_idle", is_zero(upstream.stream_idle)),
    ];
    let is_wrong = zeros.into_iter().filter(|(_, is_zero)| *is_zero);
    is_wrong.map(|(key, _)| (key.to_owned(), WHAT.to_owned()))
}

fn is_zero(span: Span) -> bool {
    span.duration().is_zero()
}
