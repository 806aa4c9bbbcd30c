//! The life of the process beside its roles: what a crash leaves, signals, the drain and its deadline.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use lifecycle::shutdown::DRAIN_DEADLINE;
use lifecycle::{Shutdown, Trigger};
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;

/// How long parts may take to end at once, before they are left behind.
const END_DEADLINE: Duration = Duration::from_secs(1);

/// Whatever crashes, nothing of its memory, which holds secrets, is written to a disk.
pub(crate) fn leave_no_core() -> io::Result<()> {
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    Ok(setrlimit(Resource::Core, nothing)?)
}

/// The signals that end the process, and how many came.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// Whether the process was told twice to end.
#[derive(Debug, Default)]
pub(crate) struct Impatience(Cell<bool>);

impl Impatience {
    pub(crate) fn is_shown(&self) -> bool {
        self.0.get()
    }
}

impl Signals {
    /// Listens for SIGTERM and Ctrl-C.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// After a handover nobody waits for this process: clients have time for one more request.
    async fn outlast_clients(&mut self, shutdown: &mut Shutdown) {
        tokio::select! {
            () = self.next() => {}
            () = sleep(DRAIN_DEADLINE) => {}
            () = shutdown.draining() => {}
        }
    }

    /// Waits while others turn away; true if a second signal does not let them.
    async fn is_impatient(&mut self, delay: Duration, shutdown: &mut Shutdown) -> bool {
        tokio::select! {
            () = self.next() => true,
            () = sleep(delay) => false,
            () = shutdown.draining() => false,
        }
    }

    /// The first signal starts the drain, after the delay that whoever balances load needs to turn away, as does a part that ends; a second one, or the deadline, ends it.
    /// Returns only when parts did not end when told to.
    pub(crate) async fn watch(
        mut self,
        trigger: Trigger,
        mut shutdown: Shutdown,
        delay: Duration,
        impatience: &Impatience,
    ) {
        tokio::select! {
            () = self.next() => {
                tracing::info!("draining: requests in flight may finish; a second signal ends at once");
                trigger.leave();
                if self.is_impatient(delay, &mut shutdown).await {
                    impatience.0.set(true);
                    trigger.end();
                }
            }
            () = shutdown.closing() => self.outlast_clients(&mut shutdown).await,
        }
        trigger.drain();
        tokio::select! {
            () = self.next() => impatience.0.set(true),
            () = sleep(DRAIN_DEADLINE) => tracing::warn!("requests in flight took too long: they are given up"),
        }
        trigger.end();
        sleep(END_DEADLINE).await;
    }
}

/// Leaves parts behind that did not end when told to; what was answered is on disk already.
#[expect(clippy::exit, reason = "threads that do not end can't be joined")]
pub(crate) fn abandon() -> ! {
    tracing::error!("parts of the process did not end when told to: they are left behind");
    std::process::exit(1)
}
