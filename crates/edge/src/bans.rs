//! The bans that this edge holds in force, and what it says of them.

use std::fmt::Display;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use lifecycle::Facts;
use traffic::ban_list::Force;
use traffic::{Ban, BanList};

use crate::metrics::BanMetrics;

/// The list as it was read last. All worker threads share it.
pub(crate) struct Bans {
    /// Asked first, and where nobody is banned, alone.
    any: AtomicBool,
    list: ArcSwap<BanList>,
    metrics: BanMetrics,
    facts: Facts,
}

/// The part that states the facts, and their names.
const PART: &str = "bans";
const IN_FORCE: &str = "in force";
const NEWS: &str = "news";

impl Bans {
    pub(crate) fn new(metrics: BanMetrics, facts: Facts) -> Self {
        Self {
            any: AtomicBool::new(false),
            list: ArcSwap::default(),
            metrics,
            facts,
        }
    }

    /// How the address is banned at this moment, if it is.
    pub(crate) fn find(&self, address: IpAddr) -> Option<Force> {
        if !self.any.load(Relaxed) {
            return None;
        }
        self.list.load().find(address, Timestamp::now)
    }

    /// Takes this list in the place of the one before; true if somebody may be banned who was not.
    pub(crate) fn put(&self, bans: &[Ban]) -> bool {
        let list = BanList::new(bans);
        let is_other = **self.list.load() != list;
        let is_empty = list.is_empty();
        self.state(list.len());
        if is_other {
            self.list.store(list.into());
            self.any.store(!is_empty, Relaxed);
        }
        is_other && !is_empty
    }

    fn state(&self, count: usize) {
        self.metrics
            .in_force
            .set(i64::try_from(count).unwrap_or(i64::MAX));
        self.facts.state(PART, IN_FORCE, count.to_string());
    }

    /// Says that the store answers.
    pub(crate) fn are_followed(&self) {
        self.metrics.followed.set(1);
        self.facts.state(PART, NEWS, "come");
    }

    /// Says that it does not.
    pub(crate) fn are_left(&self, why: impl Display) {
        self.metrics.followed.set(0);
        let told = format!("none: {why}; the last known bans stay in force");
        self.facts.state(PART, NEWS, told);
    }

    /// Says that there is nowhere to read them.
    pub(crate) fn are_nowhere(&self, why: &str) {
        self.facts
            .state(PART, IN_FORCE, format!("none can be: {why}"));
    }
}
