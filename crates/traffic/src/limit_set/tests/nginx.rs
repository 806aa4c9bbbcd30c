//! What `ngx_http_limit_req_module` of nginx 1.22 does with a request, in its own integers and its own order: each zone
//! is looked up in turn, the last one is raised at once, the ones before it afterwards.

use std::collections::HashMap;

use crate::limit::{Delay, Policy};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    /// Milliseconds.
    Delay(u128),
    Busy,
}

struct Node {
    excess: i64,
    last: i64,
}

/// One `limit_req` with the zone that it names.
pub(super) struct Zone {
    rate: i64,
    burst: i64,
    delay: i64,
    nodes: HashMap<u8, Node>,
}

impl Zone {
    pub(super) fn of(policy: &Policy) -> Self {
        let interval = policy.rate.to_string();
        let (number, unit) = interval.split_at(interval.find('r').expect("a rate"));
        let number: i64 = number.parse().expect("a number");
        Self {
            rate: 1000 * number / if unit == "r/m" { 60 } else { 1 },
            burst: i64::from(policy.burst) * 1000,
            delay: match policy.delay {
                Delay::Never => i64::MAX,
                Delay::Beyond(free) => i64::from(free) * 1000,
            },
            nodes: HashMap::new(),
        }
    }

    /// The excess with this request, and whether any time has passed.
    fn excess(&self, node: &Node, now: i64) -> (i64, bool) {
        let elapsed = match now - node.last {
            back if back < -60_000 => 1,
            back if back < 0 => 0,
            forward => forward,
        };
        let excess = node.excess - self.rate * elapsed / 1000 + 1000;
        (excess.max(0), elapsed != 0)
    }

    fn raise(&mut self, key: u8, now: i64) -> i64 {
        let (excess, has_passed) = self.excess(&self.nodes[&key], now);
        let node = self.nodes.get_mut(&key).expect("a node that was looked up");
        node.excess = excess;
        if has_passed {
            node.last = now;
        }
        excess
    }

    fn wait(&self, excess: i64) -> u128 {
        if excess <= self.delay {
            return 0;
        }
        u128::from(((excess - self.delay) * 1000 / self.rate).unsigned_abs())
    }
}

pub(super) struct Nginx(Vec<Zone>);

impl Nginx {
    pub(super) fn new(zones: Vec<Zone>) -> Self {
        Self(zones)
    }

    /// Keys stand in the zones' order; a zone without one is passed over, as nginx does with an empty key.
    pub(super) fn handle(&mut self, now: i64, keys: &[Option<u8>]) -> Verdict {
        let last = self.0.len() - 1;
        let mut longest = 0;
        let mut seen = Vec::new();
        for (index, zone) in self.0.iter_mut().enumerate() {
            let Some(key) = keys[index] else { continue };
            let is_new = !zone.nodes.contains_key(&key);
            let node = zone.nodes.entry(key).or_insert(Node { excess: 0, last: 0 });
            if index == last && is_new {
                node.last = now;
                continue;
            }
            if is_new {
                seen.push((index, key));
                continue;
            }
            let node = &zone.nodes[&key];
            let (excess, _) = zone.excess(node, now);
            if excess > zone.burst {
                return Verdict::Busy;
            }
            if index == last {
                let excess = zone.raise(key, now);
                longest = zone.wait(excess);
            } else {
                seen.push((index, key));
            }
        }
        for (index, key) in seen.into_iter().rev() {
            let zone = &mut self.0[index];
            let excess = zone.raise(key, now);
            longest = longest.max(zone.wait(excess));
        }
        match longest {
            0 => Verdict::Pass,
            wait => Verdict::Delay(wait),
        }
    }
}
