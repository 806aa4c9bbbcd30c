//! Connections of one worker thread that wait for their next request, the most recently used on top.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::channel::Channel;
use super::target::Target;

/// Every target's free connections. The lock is never contended: each thread has its own pools.
#[derive(Debug, Default)]
pub(crate) struct Pools {
    shelves: Mutex<Vec<Shelf>>,
}

/// One target's, the oldest first.
#[derive(Debug)]
struct Shelf {
    target: Arc<Target>,
    channels: Vec<Channel>,
}

impl Pools {
    fn shelves(&self) -> MutexGuard<'_, Vec<Shelf>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that rested least, if it may still be used and its other end is there.
    pub(crate) fn take(&self, target: &Arc<Target>, now: u64) -> Option<Channel> {
        let mut shelves = self.shelves();
        let shelf = shelves
            .iter_mut()
            .find(|shelf| Arc::ptr_eq(&shelf.target, target))?;
        loop {
            let channel = shelf.channels.pop()?;
            if is_stale(target, &channel, now) {
                // Those below rested longer.
                shelf.channels.clear();
                return None;
            }
            if channel.wake() {
                return Some(channel);
            }
            target.idle_time.learn(channel.rested(now), now);
        }
    }

    /// Keeps a connection for the next request, if there is room.
    pub(crate) fn put(&self, target: &Arc<Target>, channel: Channel, most: usize, now: u64) {
        if target.is_left() || channel.is_closed() {
            return;
        }
        channel.rest(now);
        let mut shelves = self.shelves();
        let place = shelves
            .iter()
            .position(|shelf| Arc::ptr_eq(&shelf.target, target));
        let place = place.unwrap_or_else(|| {
            shelves.push(Shelf {
                target: Arc::clone(target),
                channels: Vec::new(),
            });
            shelves.len() - 1
        });
        let channels = &mut shelves[place].channels;
        if channels.len() < most {
            channels.push(channel);
        }
    }

    /// Closes what rested too long or has nobody to go to any more.
    pub(crate) fn sweep(&self, now: u64) {
        self.shelves().retain_mut(|shelf| {
            let target = &shelf.target;
            let is_left = target.is_left();
            shelf.channels.retain(|channel| {
                !is_left && !channel.is_closed() && !is_stale(target, channel, now)
            });
            !target.is_gone()
        });
    }
}

fn is_stale(target: &Target, channel: &Channel, now: u64) -> bool {
    let most = target.idle_time.get(now);
    channel.rested(now) >= channel.stated.map_or(most, |stated| stated.min(most))
}
