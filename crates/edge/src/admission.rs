//! The request limits at the door: who passes, who waits, who is refused.

mod held;
mod limit;
mod together;

use std::hash::RandomState;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::HeaderMap;
use traffic::Decision;
use traffic::limit_set::{self, Claim, Outcome};

use crate::config::{Config, KeyedLimitConfig};
use crate::error::Refused;
use crate::metrics::LimitCounts;
use crate::routes::Site;

pub(crate) use held::Held;
use held::What;
use limit::Limit;
pub(crate) use together::Together;

/// The limits of all sites, and a bound on how many requests may wait in them. All worker threads share it.
pub(crate) struct Admission {
    /// In the order of the configuration; sites name them by their places here.
    limits: Box<[Arc<Limit>]>,
    /// Those that hold where no site says otherwise.
    everywhere: Box<[usize]>,
    /// Hashes headers; its keys are random, so that nobody can aim at another's level.
    hasher: RandomState,
    began: Instant,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// One request, as far as limits look at it.
pub(crate) struct Asker<'a> {
    pub(crate) address: IpAddr,
    pub(crate) headers: &'a HeaderMap,
    /// Absent where no site is configured, or where none fits.
    pub(crate) site: Option<&'a Site>,
    /// Whether limits by address shall only say what they would do.
    pub(crate) is_spared: bool,
}

/// What becomes of a request.
pub(crate) struct Admitted<'a> {
    /// With a turn, it must wait for that.
    pub(crate) turn: Result<Option<Turn<'a>>, Refused>,
    /// What the log says of it.
    pub(crate) held: Option<Held>,
}

/// The time until a request may go on, and one of the places for those that wait. Safe to drop at any time.
pub(crate) struct Turn<'a> {
    time: Duration,
    _place: Waiting<'a>,
}

impl Turn<'_> {
    pub(crate) async fn wait(self) {
        tokio::time::sleep(self.time).await;
    }
}

/// Limits that refuse, and limits that only say so, are counted in two groups: the second must not change what the
/// first decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Enforced,
    Observed,
}

impl Admission {
    /// `None` when every limit is off. A limit that stood in `before` in all the same remembers what it counted.
    pub(crate) fn new(
        config: &Config,
        seed: u64,
        counts: &LimitCounts,
        before: Option<&Self>,
    ) -> Option<Self> {
        let mut known = before.map_or(&[][..], |before| &before.limits);
        let limits = config.all_limits().into_iter().enumerate();
        let limits: Box<[_]> = limits
            .filter_map(|(index, limit)| {
                if let Some(same) = next_same(&mut known, &limit) {
                    return Some(same);
                }
                let seed = seed.wrapping_add(index as u64);
                let limit = Limit::new(&limit, limit.policy()?, seed, counts);
                Some(Arc::new(limit))
            })
            .collect();
        (!limits.is_empty()).then(|| Self {
            limits,
            everywhere: config.limits_everywhere(),
            // Both belong to what the tables remember.
            hasher: before.map_or_else(RandomState::new, |before| before.hasher.clone()),
            began: before.map_or_else(Instant::now, |before| before.began),
            waiting: AtomicUsize::new(0),
            most_waiting: config.limit.waiting,
        })
    }

    /// Counts the request in all limits of its site, or in none if one of them refuses it.
    pub(crate) fn admit(&self, asker: &Asker<'_>, now: Instant) -> Admitted<'_> {
        let now_ms = self.now_ms(now);
        let (limit, decision) = self.count(Group::Enforced, asker, now_ms);
        self.decide(asker, limit, decision, now_ms)
    }

    fn now_ms(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.began);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    /// What a decision of the limits that refuse means for the request, and what the others would have done.
    fn decide(
        &self,
        asker: &Asker<'_>,
        limit: usize,
        decision: Decision,
        now_ms: u64,
    ) -> Admitted<'_> {
        let mut admitted = self.enforce(limit, decision);
        if admitted.turn.is_ok() {
            let observed = self.observe(asker, now_ms);
            admitted.held = admitted.held.or(observed);
        }
        admitted
    }

    fn enforce(&self, limit: usize, decision: Decision) -> Admitted<'_> {
        match decision {
            Decision::Pass => Admitted {
                turn: Ok(None),
                held: None,
            },
            Decision::Reject(time) => self.reject(limit, time),
            Decision::Wait(time) => match Waiting::take(&self.waiting, self.most_waiting) {
                None => self.reject(limit, time),
                Some(place) => Admitted {
                    turn: Ok(Some(Turn {
                        time,
                        _place: place,
                    })),
                    held: Some(self.holds(limit, What::Delayed, time)),
                },
            },
        }
    }

    fn reject(&self, limit: usize, time: Duration) -> Admitted<'_> {
        Admitted {
            turn: Err(self.limits[limit].refused(time)),
            held: Some(self.holds(limit, What::Rejected, time)),
        }
    }

    fn observe(&self, asker: &Asker<'_>, now_ms: u64) -> Option<Held> {
        let (limit, decision) = self.count(Group::Observed, asker, now_ms);
        match decision {
            Decision::Pass => None,
            Decision::Wait(time) => Some(self.holds(limit, What::WouldDelay, time)),
            Decision::Reject(time) => Some(self.holds(limit, What::WouldReject, time)),
        }
    }

    fn holds(&self, limit: usize, what: What, time: Duration) -> Held {
        self.limits[limit].count(what);
        Held::new(limit, what, time)
    }

    /// The decision, and the place of the limit that made it.
    fn count(&self, group: Group, asker: &Asker<'_>, now_ms: u64) -> (usize, Decision) {
        let claims = self.claims(group, asker).map(|(_, claim)| claim);
        self.decided(group, asker, limit_set::admit(claims, now_ms))
    }

    fn decided(
        &self,
        group: Group,
        asker: &Asker<'_>,
        outcome: Option<Outcome>,
    ) -> (usize, Decision) {
        let Some(outcome) = outcome else {
            return (0, Decision::Pass);
        };
        let decides = match outcome.decision {
            Decision::Pass => None,
            _ => self.claims(group, asker).nth(outcome.by),
        };
        (decides.map_or(0, |(place, _)| place), outcome.decision)
    }

    /// In one order for all, so that two requests never wait for each other's places.
    fn claims<'a>(
        &'a self,
        group: Group,
        asker: &'a Asker<'a>,
    ) -> impl Iterator<Item = (usize, Claim<'a>)> {
        let places = asker.site.map_or(&self.everywhere, |site| &site.limits);
        places.iter().filter_map(move |&place| {
            let limit = &self.limits[place];
            if limit.observes(asker) != (group == Group::Observed) {
                return None;
            }
            let key = limit.key(asker, &self.hasher)?;
            let table = &limit.table;
            Some((place, Claim { table, key }))
        })
    }

    /// What the log says of a request that was held.
    pub(crate) fn label(&self, held: Held) -> &str {
        let limit = self.limits.get(usize::from(held.limit));
        limit.map_or("", |limit| limit.label(held))
    }
}

/// The limit that was made from these settings. Those before it are passed over for good: requests of before the reload
/// must meet the tables in the same order as those of after it.
fn next_same(known: &mut &[Arc<Limit>], config: &KeyedLimitConfig) -> Option<Arc<Limit>> {
    let place = known.iter().position(|limit| limit.config == *config)?;
    let same = Arc::clone(&known[place]);
    *known = &known[place + 1..];
    Some(same)
}

/// One request that waits; dropping it makes room.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn take(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let place = Self(count);
        // The place is counted first, and given back by its drop when it was one too many.
        (count.fetch_add(1, Ordering::Relaxed) < most).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
