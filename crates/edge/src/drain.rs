//! How a worker tells its connections to go, then to take no more requests, and at last its tunnels to end.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// A flag that connections look at whenever they run, and a bell that makes them run.
///
/// A watch channel would be polled with each request; this costs a connection one load.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    stage: AtomicU8,
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

/// One tunnel, counted until dropped.
#[derive(Debug)]
pub(crate) struct Open<'a>(&'a Drain);

impl Drain {
    /// Goes on to a stage; never back.
    pub(crate) fn reach(&self, stage: Stage) {
        self.stage.fetch_max(stage as u8, Ordering::Relaxed);
        self.bell.notify_waiters();
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Open,
            1 => Stage::Leaving,
            _ => Stage::Draining,
        }
    }

    /// Rings once when the next stage begins. Create it before looking at the stage.
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
        loop {
            let bell = self.0.last_bell.notified();
            if self.0.over.load(Ordering::Relaxed) {
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
