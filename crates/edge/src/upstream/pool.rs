//! Connections of one worker thread that wait for their next request, the most recently used on top, and those
//! that many requests share.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use tokio::sync::Notify;

use super::channel::Channel;
use super::clock::Clock;
use super::own::Own;
use super::target::Target;
use super::trunk::Trunk;
use super::unreachable::Unreachable;
use crate::config::Protocol;

/// Every target's free connections. The lock is never contended: each thread has its own pools.
pub(crate) struct Pools {
    shelves: Mutex<Vec<Shelf>>,
    bell: Arc<Bell>,
    /// Rings the bell; every connection that rests has it.
    waker: Waker,
}

/// Rings when something happens to a connection that rests.
#[derive(Default)]
struct Bell(Notify);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.notify_one();
    }
}

/// One target's, the oldest first.
#[expect(clippy::vec_box, reason = "they come and go with each request")]
struct Shelf {
    target: Arc<Target>,
    free: Vec<Box<Own>>,
    trunks: Vec<Arc<Trunk>>,
    /// A trunk that is being made, for all who wait for one.
    dialing: Option<WeakShared<Dialing>>,
}

/// What happens to a request when its connection turns out to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Care {
    /// It is sent again.
    Little,
    /// It is lost, since the target may have begun with it.
    Much,
}

/// A connection that rested for less is surely kept by the target: the shortest time in use is gunicorn's, 2 s.
const SURE: Duration = Duration::from_secs(1);

type Dialed = Result<Arc<Trunk>, Arc<Unreachable>>;
type Dialing = Pin<Box<dyn Future<Output = Dialed> + Send>>;

impl Default for Pools {
    fn default() -> Self {
        let bell = Arc::<Bell>::default();
        Self {
            shelves: Mutex::default(),
            waker: Waker::from(Arc::clone(&bell)),
            bell,
        }
    }
}

impl Pools {
    fn shelves(&self) -> MutexGuard<'_, Vec<Shelf>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that rested least, if it may still be used and its other end is there; or a stream of one
    /// that is shared.
    pub(crate) fn take(&self, target: &Arc<Target>, care: Care, now: u64) -> Option<Channel> {
        let mut shelves = self.shelves();
        let shelf = shelves
            .iter_mut()
            .find(|shelf| Arc::ptr_eq(&shelf.target, target))?;
        match target.protocol {
            Protocol::Http1 => shelf.take_free(care, now).map(Channel::Own),
            Protocol::Http2 => shelf.strand(now),
        }
    }

    /// Makes a connection; many who want one that can be shared make it together. Whether it is new.
    pub(crate) async fn open(
        &self,
        target: &Arc<Target>,
        clock: Clock,
        within: Duration,
    ) -> Result<(Channel, bool), Arc<Unreachable>> {
        if target.protocol == Protocol::Http1 {
            let channel = Channel::dial(target, clock, within).await?;
            return Ok((channel, true));
        }
        loop {
            let trunk = self.dialing(target, clock, within).await?;
            let is_new = self.keep_trunk(target, &trunk);
            // Those who waited with us may have filled it.
            if let Some(strand) = trunk.strand() {
                return Ok((Channel::Strand(strand), is_new));
            }
        }
    }

    /// The trunk that is being made already, or another.
    fn dialing(&self, target: &Arc<Target>, clock: Clock, within: Duration) -> Shared<Dialing> {
        let mut shelves = self.shelves();
        let shelf = shelf(&mut shelves, target);
        let under_way = shelf.dialing.as_ref().and_then(WeakShared::upgrade);
        // One that has come to its end was for those who waited for it.
        if let Some(dialing) = under_way.filter(|dialing| dialing.peek().is_none()) {
            return dialing;
        }
        let dialing: Dialing = Box::pin(dial(Arc::clone(target), clock, within));
        let dialing = dialing.shared();
        shelf.dialing = dialing.downgrade();
        dialing
    }

    /// Keeps it for others; false if it is kept already.
    fn keep_trunk(&self, target: &Arc<Target>, trunk: &Arc<Trunk>) -> bool {
        let mut shelves = self.shelves();
        let trunks = &mut shelf(&mut shelves, target).trunks;
        let is_new = !trunks.iter().any(|other| Arc::ptr_eq(other, trunk));
        if is_new {
            trunks.push(Arc::clone(trunk));
        }
        is_new
    }

    /// Keeps a connection for the next request, if there is room. One that is shared is kept all the time.
    pub(crate) fn put(&self, target: &Arc<Target>, channel: Channel, most: usize, now: u64) {
        let Channel::Own(mut own) = channel else {
            return;
        };
        let is_last = own.stated == Some(Duration::ZERO);
        if target.is_left() || !own.is_free() || is_last {
            return;
        }
        let mut shelves = self.shelves();
        let free = &mut shelf(&mut shelves, target).free;
        if free.len() < most && own.rest(now, &self.waker) {
            free.push(own);
        }
    }

    /// Returns when something happened to a connection that rests.
    pub(crate) async fn disturbed(&self) {
        self.bell.0.notified().await;
    }

    /// Lets go of connections that their targets have closed, and learns from them how long those keep any.
    pub(crate) fn tend(&self, now: u64) {
        for shelf in self.shelves().iter_mut() {
            let target = &shelf.target;
            let is_lost = |own: &mut Box<Own>| own.is_disturbed(&self.waker);
            for lost in shelf.free.extract_if(.., is_lost) {
                target.idle_time.learn(lost.rested(now), now);
            }
        }
    }

    /// Closes what rested too long or has nobody to go to any more.
    pub(crate) fn sweep(&self, now: u64) {
        self.shelves().retain_mut(|shelf| {
            let target = &shelf.target;
            let is_left = target.is_left();
            shelf
                .free
                .retain(|own| !is_left && !is_stale(target, own, now));
            shelf
                .trunks
                .retain(|trunk| !is_left && !is_spent(target, trunk, now));
            !target.is_gone()
        });
    }
}

fn shelf<'a>(shelves: &'a mut Vec<Shelf>, target: &Arc<Target>) -> &'a mut Shelf {
    let place = shelves
        .iter()
        .position(|shelf| Arc::ptr_eq(&shelf.target, target));
    let place = place.unwrap_or_else(|| {
        shelves.push(Shelf {
            target: Arc::clone(target),
            free: Vec::new(),
            trunks: Vec::new(),
            dialing: None,
        });
        shelves.len() - 1
    });
    &mut shelves[place]
}

async fn dial(target: Arc<Target>, clock: Clock, within: Duration) -> Dialed {
    Trunk::dial(&target, clock, within)
        .await
        .map(Arc::new)
        .map_err(Arc::new)
}

impl Shelf {
    fn take_free(&mut self, care: Care, now: u64) -> Option<Box<Own>> {
        loop {
            let least = self.free.last()?;
            if care == Care::Much && !is_sure(&self.target, least, now) {
                return None;
            }
            let own = self.free.pop()?;
            if is_stale(&self.target, &own, now) {
                // Those below rested longer.
                self.free.clear();
                return None;
            }
            // What closes in such a moment might as well close in the next one, when the request is on its way.
            let is_hot = care == Care::Little && own.rested(now).is_zero();
            let is_quiet = if is_hot {
                own.seems_quiet()
            } else {
                own.is_quiet()
            };
            if is_quiet {
                return Some(own);
            }
            self.target.idle_time.learn(own.rested(now), now);
        }
    }

    /// A stream of the oldest that has room, so that those that are not needed come to rest.
    fn strand(&mut self, now: u64) -> Option<Channel> {
        let target = &self.target;
        self.trunks.retain(|trunk| !is_spent(target, trunk, now));
        self.trunks
            .iter()
            .find_map(Trunk::strand)
            .map(Channel::Strand)
    }
}

/// Whether a target's close can't be on its way already.
fn is_sure(target: &Target, own: &Own, now: u64) -> bool {
    own.rested(now) < SURE || own.stated.is_some() || target.idle_time.is_learned(now)
}

fn is_stale(target: &Target, own: &Own, now: u64) -> bool {
    let most = target.idle_time.get(now);
    own.rested(now) >= own.stated.map_or(most, |stated| stated.min(most))
}

fn is_spent(target: &Target, trunk: &Trunk, now: u64) -> bool {
    let is_stale = |rested| rested >= target.idle_time.get(now);
    trunk.is_closed() || trunk.rested(now).is_some_and(is_stale)
}
