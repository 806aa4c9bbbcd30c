//! `limit_req` with a clock that is known to some milliseconds only: what must happen, and what may.

use std::collections::HashMap;

use super::Limit;

/// From the earliest to the latest, in milliseconds.
type Span = [f64; 2];

/// What the arithmetic asks for, as far as the moment is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Expected {
    pub(super) may_admit: bool,
    pub(super) may_reject: bool,
    /// How long an admitted request waits.
    pub(super) wait_ms: Span,
}

impl Expected {
    /// Whether two requests must fare alike.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let fates = |one: &Self| (one.may_admit, one.may_reject);
        let overlap = self.wait_ms[0] <= other.wait_ms[1] && other.wait_ms[0] <= self.wait_ms[1];
        fates(self) == fates(other)
            && self.may_admit != self.may_reject
            && (overlap || self.may_reject)
    }

    /// How far two waits may be apart.
    pub(super) fn apart_ms(&self, other: &Self) -> f64 {
        if self.may_reject {
            // Of a rejection, the time says when to come again, and nginx does not say.
            return f64::INFINITY;
        }
        self.wait_ms[1].max(other.wait_ms[1]) - self.wait_ms[0].min(other.wait_ms[0]) + 2.0
    }
}

/// One limit. A level is kept as the moment at which it will have drained: time only moves it when it has passed.
struct Zone {
    /// Thousandths of a request that drain in a millisecond.
    rate: f64,
    burst: f64,
    delay: f64,
    drained_at: HashMap<&'static str, Span>,
}

pub(super) struct Model {
    zones: Vec<Zone>,
    uncertain_ms: f64,
}

impl Model {
    pub(super) fn new(limits: &[Limit], uncertain_ms: f64) -> Self {
        let zone = |limit: &Limit| Zone {
            rate: thousandths_a_second(limit.rate) / 1000.0,
            burst: f64::from(limit.burst) * 1000.0,
            delay: limit
                .delay
                .map_or(f64::INFINITY, |free| f64::from(free) * 1000.0),
            drained_at: HashMap::new(),
        };
        Self {
            zones: limits.iter().map(zone).collect(),
            uncertain_ms,
        }
    }

    pub(super) fn expect(&self, keys: &[Option<&'static str>], at_ms: f64) -> Expected {
        let mut expected = Expected {
            may_admit: true,
            ..Expected::default()
        };
        for (zone, key) in self.zones.iter().zip(keys) {
            let Some(key) = key else { continue };
            let [least, most] = zone.excess(key, at_ms, self.uncertain_ms);
            expected.may_reject |= most > zone.burst;
            expected.may_admit &= least <= zone.burst;
            let wait = |excess: f64| ((excess - zone.delay) / zone.rate).max(0.0);
            let [shortest, longest] = expected.wait_ms;
            expected.wait_ms = [
                shortest.max(wait(least)),
                longest.max(wait(most.min(zone.burst))),
            ];
        }
        expected
    }

    /// Counts a request that was admitted.
    pub(super) fn admit(&mut self, keys: &[Option<&'static str>], at_ms: f64) {
        let uncertain = self.uncertain_ms;
        for (zone, key) in self.zones.iter_mut().zip(keys) {
            let Some(key) = key else { continue };
            let drained_at = zone.drained_with(key, at_ms, uncertain);
            zone.drained_at.insert(key, drained_at);
        }
    }
}

impl Zone {
    /// When the level will have drained with one request more.
    fn drained_with(&self, key: &str, at_ms: f64, uncertain: f64) -> Span {
        let (one, now) = (1000.0 / self.rate, [at_ms - uncertain, at_ms + uncertain]);
        let Some([early, late]) = self.drained_at.get(key) else {
            return now;
        };
        // What drains is rounded down to a thousandth of a request. A level is never above the burst.
        let late = (late + one + 1.0 / self.rate).min(now[1] + self.burst / self.rate);
        [(early + one).max(now[0]), late.max(now[1])]
    }

    fn excess(&self, key: &str, at_ms: f64, uncertain: f64) -> Span {
        let Some([early, late]) = self.drained_at.get(key) else {
            return [0.0, 0.0];
        };
        let excess = |drained_at: f64, now: f64| ((drained_at - now) * self.rate + 1000.0).max(0.0);
        [
            excess(*early, at_ms + uncertain),
            excess(*late, at_ms - uncertain) + 1.0,
        ]
    }
}

/// As nginx reads it: by the minute, rounded down.
pub(super) fn thousandths_a_second(rate: &str) -> f64 {
    let number = |text: &str| text.parse::<f64>().expect("a rate");
    match rate.strip_suffix("r/m") {
        Some(minute) => (number(minute) * 1000.0 / 60.0).floor(),
        None => number(rate.trim_end_matches("r/s")) * 1000.0,
    }
}
