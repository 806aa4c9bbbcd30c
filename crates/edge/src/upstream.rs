//! Upstreams: named groups of targets, who of them is well, and who gets the next request.

mod arriving;
mod asking;
mod balance;
mod budget;
mod channel;
mod check;
mod clock;
mod counts;
mod idle;
mod inherited;
mod jitter;
mod keeper;
mod line;
mod own;
mod pool;
mod resolve;
mod roster;
mod source;
mod target;
mod trunk;
mod trust;
mod unreachable;

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use balance::{Balancer, Seat};
use budget::Budget;
use counts::Counts;
use inherited::Inherited;
use source::Source;

use crate::config::{Address, UpstreamConfig};

pub(crate) use arriving::{Arriving, Failure};
pub(crate) use asking::{Asking, Introduction};
pub(crate) use channel::Channel;
pub(crate) use clock::Clock;
pub(crate) use counts::Families;
pub(crate) use idle::stated;
pub(crate) use keeper::{Charge, keep};
pub(crate) use pool::{Care, Pools};
pub(crate) use target::{Flight, Target, Verdict};
pub use trust::TrustError;
pub(crate) use unreachable::Unreachable;

/// A named group of targets that can answer for each other.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) name: Box<str>,
    pub(crate) config: UpstreamConfig,
    pub(crate) clock: Clock,
    pub(crate) budget: Budget,
    pub(crate) counts: Counts,
    sources: Vec<Source>,
    members: ArcSwap<Vec<Arc<Target>>>,
    chooser: Mutex<Chooser>,
    waiting: AtomicUsize,
    inherited: Inherited,
    /// Rings when a target may have become usable.
    changed: Notify,
    /// Rings when a name should be looked up at once.
    asks: Notify,
}

/// What choices remember, and room to lay the seats out.
#[derive(Debug, Default)]
struct Chooser {
    balancer: Balancer,
    seats: Vec<Seat>,
}

/// A choice, and whether it was made among targets held for down, because all are.
#[derive(Debug)]
pub(crate) struct Picked {
    pub(crate) flight: Flight,
    pub(crate) is_panic: bool,
}

impl Upstream {
    /// `config` has no faults. `before` is the upstream whose place this one takes: what is known of its targets
    /// counts on.
    pub(crate) fn new(
        config: UpstreamConfig,
        clock: Clock,
        families: &Families,
        before: Option<&Arc<Self>>,
    ) -> Result<Self, TrustError> {
        let sources = source::all(&config, before.map(AsRef::as_ref))?;
        let members = source::members(&sources);
        if config.check.is_none() {
            // Nobody would ever find out that it is well again.
            let now = clock.now();
            for target in &members {
                target.forget_checks(now);
            }
        }
        Ok(Self {
            name: config.name.as_str().into(),
            clock,
            budget: Budget::new(config.retry_percent),
            counts: families.of(&config.name),
            sources,
            members: ArcSwap::from_pointee(members),
            chooser: Mutex::default(),
            waiting: AtomicUsize::new(0),
            inherited: before
                .map(|before| Inherited::after(&before.inherited))
                .unwrap_or_default(),
            changed: Notify::new(),
            asks: Notify::new(),
            config,
        })
    }

    fn source_at(&self, address: &Address) -> Option<&Source> {
        self.sources
            .iter()
            .find(|source| source.address == *address)
    }

    /// Another upstream takes the place of this one: requests that still wait here are for its targets.
    pub(crate) fn yield_to(&self, next: &Self) {
        self.replace(next.members().to_vec());
    }

    /// Nothing is in its place.
    pub(crate) fn leave(&self) {
        self.counts.close();
        self.members().iter().for_each(|target| target.leave());
    }

    /// Every target there is at the moment.
    pub(crate) fn members(&self) -> Arc<Vec<Arc<Target>>> {
        self.members.load_full()
    }

    /// Chooses among those that are open and not yet tried.
    pub(crate) fn pick(&self, client: IpAddr, tried: &[Arc<Target>]) -> Option<Picked> {
        loop {
            let picked = self.choose(client, tried)?;
            // Its drain may have begun between the choice and the count: then it is not open any more.
            if !picked.flight.target().is_draining() {
                return Some(picked);
            }
        }
    }

    fn choose(&self, client: IpAddr, tried: &[Arc<Target>]) -> Option<Picked> {
        let members = self.members.load();
        let now = self.clock.now();
        if let ([only], []) = (members.as_slice(), tried)
            && only.is_open(now)
        {
            return Some(picked(only, false));
        }
        let bar = Bar::of(&members, tried, now);
        let mut chooser = self.chooser.lock().unwrap_or_else(PoisonError::into_inner);
        let Chooser { balancer, seats } = &mut *chooser;
        seats.clear();
        seats.extend(members.iter().map(|target| {
            let mut seat = target.seat(now, self.config.slow_start.duration());
            seat.is_open = bar.lets(target, now) && !is_among(tried, target);
            seat
        }));
        let place = balancer.pick(self.config.balance, seats, client)?;
        Some(picked(&members[place], bar == Bar::Low))
    }

    /// Nobody is behind a name yet, or any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.load().is_empty()
    }

    /// The targets that an operator means: by the name in the log, an address, or what the configuration says.
    pub(crate) fn find(&self, name: &str) -> Vec<Arc<Target>> {
        let members = self.members.load();
        let is_meant = |target: &&Arc<Target>| target.is_called(&self.name, name);
        members.iter().filter(is_meant).cloned().collect()
    }

    /// Whether any target but these is given requests.
    pub(crate) fn has_other(&self, these: &[Arc<Target>]) -> bool {
        let (members, now) = (self.members.load(), self.clock.now());
        let mut others = members.iter().filter(|target| !is_among(these, target));
        others.any(|target| target.is_open(now))
    }

    /// Whether a request could be sent to any target but these.
    pub(crate) fn has_choice_beside(&self, these: &[Arc<Target>]) -> bool {
        let (members, now) = (self.members.load(), self.clock.now());
        let bar = Bar::of(&members, these, now);
        let mut others = members.iter().filter(|target| !is_among(these, target));
        others.any(|target| bar.lets(target, now))
    }

    /// A drained target is given requests again.
    pub(crate) fn resume(&self, target: &Target) {
        target.resume(self.clock.now());
        self.changed.notify_waiters();
    }

    /// A connection could not be made, or the target closed it without a word, or said nothing in time: its name is
    /// looked up anew, and after a few it is left out for a while, unless it is the last.
    pub(crate) fn failed(&self, target: &Arc<Target>) {
        self.asks.notify_one();
        let now = self.clock.now();
        let is_enough = target.failed() >= self.config.eject_after && self.config.eject_after > 0;
        let has_other = || self.has_other(std::slice::from_ref(target));
        if is_enough && target.is_open(now) && has_other() {
            let ms = self.config.eject_for.duration().as_millis();
            target.eject(now + u64::try_from(ms).unwrap_or(u64::MAX / 2));
            tracing::warn!(
                upstream = %self.name, target = %target.socket,
                "`{}` can't be reached or does not answer: left out for {}", target.label, self.config.eject_for
            );
        }
    }

    /// A place among the requests that wait for a target; `None` when too many do.
    pub(crate) fn wait(&self) -> Option<Waiting<'_>> {
        let waiting = Waiting(self);
        (self.waiting.fetch_add(1, Relaxed) < self.config.waiting).then_some(waiting)
    }

    /// Puts other targets in the place of those that were there; the old ones get no new requests.
    fn replace(&self, members: Vec<Arc<Target>>) {
        let before = self.members.swap(Arc::new(members));
        let now = self.members.load();
        for target in before.iter() {
            if !now.iter().any(|other| Arc::ptr_eq(other, target)) {
                target.leave();
            }
        }
        self.chooser
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .balancer
            .forget();
        self.changed.notify_waiters();
    }
}

/// What a target must be to get a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bar {
    /// Open.
    High,
    /// Not down: those that are open were tried in vain, and one that was left out for a while may be back.
    Middle,
    /// Neither drained nor yet to be checked: all are held for down.
    Low,
}

impl Bar {
    fn of(members: &[Arc<Target>], tried: &[Arc<Target>], now: u64) -> Self {
        let mut open = members.iter().filter(|target| target.is_open(now));
        match open.next() {
            None => Self::Low,
            Some(first) if tried.is_empty() || !is_among(tried, first) => Self::High,
            Some(_) if open.any(|target| !is_among(tried, target)) => Self::High,
            Some(_) => Self::Middle,
        }
    }

    fn lets(self, target: &Target, now: u64) -> bool {
        match self {
            Self::High => target.is_open(now),
            Self::Middle => target.verdict() == Verdict::Up && !target.is_draining(),
            Self::Low => target.is_last_resort(),
        }
    }
}

fn is_among(these: &[Arc<Target>], target: &Arc<Target>) -> bool {
    these.iter().any(|one| Arc::ptr_eq(one, target))
}

fn picked(target: &Arc<Target>, is_panic: bool) -> Picked {
    Picked {
        flight: Flight::begin(target),
        is_panic,
    }
}

/// One request that waits for a target.
pub(crate) struct Waiting<'a>(&'a Upstream);

impl Waiting<'_> {
    /// Returns when a target may have become usable; safe to drop.
    pub(crate) async fn changed(&self) {
        self.0.changed.notified().await;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}
