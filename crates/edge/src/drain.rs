//! How a worker tells its connections to go, then to take no more requests, and at last its tunnels to end; and, whenever
//! others are banned, to look whether their clients are among them.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// A number that connections look at whenever they run, and a bell that makes them run.
///
/// A watch channel would be polled with each request; this costs a connection one load.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    /// The stage in the upper eight bits, and below it how often bans came, which may begin anew.
    state: AtomicU32,
    bell: Notify,
    over: AtomicBool,
    last_bell: Notify,
    tunnels: AtomicUsize,
}

/// What connections are asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Open = 0,
    /// Each answer says that it is the connection's last.
    Leaving = 1,
    /// A connection at rest is closed.
    Draining = 2,
}

/// What connections have been told: a stage, and how often to look again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State(u32);

/// Where the stage begins.
const STAGE: u32 = 24;
/// All that is below it.
const TIMES: u32 = (1 << STAGE) - 1;

impl State {
    pub(crate) fn stage(self) -> Stage {
        match self.0 >> STAGE {
            0 => Stage::Open,
            1 => Stage::Leaving,
            _ => Stage::Draining,
        }
    }
}

/// One tunnel, counted until dropped.
#[derive(Debug)]
pub(crate) struct Open<'a>(&'a Drain);

impl Drain {
    /// Goes on to a stage; never back.
    pub(crate) fn reach(&self, stage: Stage) {
        self.tell(|state| state.max((stage as u32) << STAGE | state & TIMES));
    }

    /// Has each connection and each tunnel look whether its client is banned now.
    pub(crate) fn look_again(&self) {
        self.tell(|state| state & !TIMES | state.wrapping_add(1) & TIMES);
        self.last_bell.notify_waiters();
    }

    fn tell(&self, next: impl Fn(u32) -> u32) {
        // Without an objection it can't fail.
        let _ = self
            .state
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| {
                Some(next(state))
            });
        self.bell.notify_waiters();
    }

    pub(crate) fn state(&self) -> State {
        State(self.state.load(Ordering::Relaxed))
    }

    pub(crate) fn stage(&self) -> Stage {
        self.state().stage()
    }

    /// Rings once when there is more to be told. Create it before looking at the state.
    pub(crate) fn bell(&self) -> Notified<'_> {
        self.bell.notified()
    }

    /// A tunnel, which is told when the drain is over.
    pub(crate) fn tunnel(&self) -> Open<'_> {
        self.tunnels.fetch_add(1, Ordering::Relaxed);
        Open(self)
    }

    /// The drain's time is over: tunnels take their leave. Returns when all have.
    pub(crate) async fn finish(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.last_bell.notify_waiters();
        loop {
            let bell = self.last_bell.notified();
            if self.tunnels.load(Ordering::Relaxed) == 0 {
                return;
            }
            bell.await;
        }
    }
}

impl Open<'_> {
    /// Returns when the drain's time is over; safe to drop and call again.
    pub(crate) async fn is_over(&self) {
        self.comes_true(|| self.0.over.load(Ordering::Relaxed))
            .await;
    }

    /// Returns when this is so, which is asked whenever bans came, and at the drain's end; safe to drop and call again.
    pub(crate) async fn comes_true(&self, is_so: impl Fn() -> bool) {
        loop {
            let bell = self.0.last_bell.notified();
            if is_so() {
                return;
            }
            bell.await;
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.tunnels.fetch_sub(1, Ordering::Relaxed);
        self.0.last_bell.notify_waiters();
    }
}
