//! The edge, with the same limits.

use edge::config::KeyedLimitConfig;
use jiff::Timestamp;
use serde_json::Value;
use testkit::raw::Raw;

use super::{Script, Seen, Server};
use crate::house::House;

/// The record's time is taken a moment after the one that the limit goes by, which counts whole milliseconds.
pub(super) const UNCERTAIN_MS: f64 = 5.0;

struct Pendopo {
    house: House,
    connections: Vec<Raw>,
}

/// Starts it with the script's limits, and with a connection for each request.
pub(super) fn start(script: &Script) -> Box<dyn Server> {
    let limits = script
        .limits
        .iter()
        .enumerate()
        .map(|(index, limit)| KeyedLimitConfig {
            name: format!("z{index}"),
            key: format!("header:key-{index}").parse().unwrap(),
            rate: Some(limit.rate.parse().unwrap()),
            burst: limit.burst,
            delay: limit.delay.unwrap_or_default(),
            nodelay: limit.delay.is_none(),
            dry_run: script.is_dry_run,
            ..KeyedLimitConfig::default()
        });
    let house = House::with(|plan| plan.config.limits = limits.collect());
    let connections = script.requests.iter().map(|_| house.plain()).collect();
    Box::new(Pendopo { house, connections })
}

impl Server for Pendopo {
    fn send(&mut self, number: usize, request: &str) {
        self.connections[number].send(request);
    }

    fn finish(mut self: Box<Self>) -> Vec<Seen> {
        let statuses: Vec<_> = self
            .connections
            .iter_mut()
            .map(|client| client.response().status)
            .collect();
        let records = self.house.records(statuses.len());
        let mut seen: Vec<_> = records.iter().map(read).collect();
        seen.sort_by_key(|seen| seen.number);
        let logged = seen.iter().map(|seen| seen.status);
        assert!(logged.eq(statuses), "the log says what was answered");
        seen
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds since 1970 fit a double"
)]
fn read(record: &Value) -> Seen {
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    let number = |name: &str| record[name].as_f64().unwrap_or_default();
    let time: Timestamp = text("time").parse().unwrap();
    let outcome = text("limit").split(':').next().unwrap_or_default();
    Seen {
        number: text("target")
            .strip_prefix("/?n=")
            .unwrap()
            .parse()
            .unwrap(),
        at_ms: time.as_microsecond() as f64 / 1000.0,
        status: u16::try_from(record["status"].as_u64().unwrap()).unwrap(),
        outcome: outcome.to_owned(),
        wait_ms: number("limit_ms"),
        took_ms: number("duration_us") / 1000.0,
    }
}
