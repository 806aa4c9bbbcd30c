//! How a worker tells its connections to take no more requests.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// A flag that connections look at whenever they run, and a bell that makes them run.
///
/// A watch channel would be polled with each request; this costs a connection one load.
#[derive(Debug, Default)]
pub(crate) struct Drain {
    begun: AtomicBool,
    bell: Notify,
}

impl Drain {
    pub(crate) fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
        self.bell.notify_waiters();
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    /// Rings once when the drain begins. Create it before looking at the flag.
    pub(crate) fn bell(&self) -> Notified<'_> {
        self.bell.notified()
    }
}
