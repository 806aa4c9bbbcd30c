//! Shutdown as a value that every part receives.

use std::time::Duration;

use tokio::sync::watch;

/// How the process lives at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    /// Others shall turn away from it.
    Leaving,
    /// Somebody else takes what is new.
    HandedOver,
    Draining,
    Ending,
}

/// Starts the drain, and later the end. Dropping every trigger ends the process's parts as well.
#[derive(Debug, Clone)]
pub struct Trigger {
    phase: watch::Sender<Phase>,
}

/// Hears of the drain and of the end.
#[derive(Debug, Clone)]
pub struct Shutdown {
    phase: watch::Receiver<Phase>,
}

/// How long requests in flight may take to finish once a drain has begun.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(30);

/// A trigger and the shutdown that hears it.
pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(Phase::Running);
    (Trigger { phase: sender }, Shutdown { phase: receiver })
}

impl Trigger {
    /// Asks every part to tell others to turn away, and to go on serving meanwhile.
    pub fn leave(&self) {
        self.raise(Phase::Leaving);
    }

    /// Asks every part to leave what is new to the process that took its listeners over. Clients that are there may
    /// still ask once more: they are told to come back over a new connection.
    pub fn hand_over(&self) {
        self.raise(Phase::HandedOver);
    }

    /// Asks every part to take no new work and finish what it has. Asking twice is asking once.
    pub fn drain(&self) {
        self.raise(Phase::Draining);
    }

    /// Asks every part to end at once.
    pub fn end(&self) {
        self.raise(Phase::Ending);
    }

    fn raise(&self, phase: Phase) {
        self.phase.send_if_modified(|current| {
            let is_later = phase > *current;
            *current = phase.max(*current);
            is_later
        });
    }
}

impl Shutdown {
    /// Whether others shall turn away, while everything is still served.
    pub fn is_leaving(&self) -> bool {
        *self.phase.borrow() == Phase::Leaving
    }

    /// Whether new work is refused.
    pub fn is_draining(&self) -> bool {
        *self.phase.borrow() >= Phase::Draining
    }

    /// Whether new connections are another process's.
    pub fn is_handed_over(&self) -> bool {
        *self.phase.borrow() == Phase::HandedOver
    }

    /// Waits until others shall turn away. Safe to drop and call again.
    pub async fn leaving(&mut self) {
        self.reached(Phase::Leaving).await;
    }

    /// Waits until no new connections shall be taken. Safe to drop and call again.
    pub async fn closing(&mut self) {
        self.reached(Phase::HandedOver).await;
    }

    /// Waits until no new work shall be taken. Safe to drop and call again.
    pub async fn draining(&mut self) {
        self.reached(Phase::Draining).await;
    }

    /// Waits until work in flight shall be given up. Safe to drop and call again.
    pub async fn ending(&mut self) {
        self.reached(Phase::Ending).await;
    }

    async fn reached(&mut self, phase: Phase) {
        // An error means that every trigger is gone, which is an end as well.
        let _ = self.phase.wait_for(|current| *current >= phase).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_drain_is_heard_by_all_and_an_end_by_those_who_wait_for_it() {
        let (trigger, mut shutdown) = channel();
        let mut other = shutdown.clone();
        assert!(!shutdown.is_draining());
        trigger.drain();
        trigger.drain();
        shutdown.draining().await;
        other.draining().await;
        trigger.end();
        trigger.leave();
        trigger.drain();
        other.ending().await;
    }

    #[tokio::test]
    async fn a_lost_trigger_ends_the_wait() {
        let (trigger, mut shutdown) = channel();
        drop(trigger);
        shutdown.ending().await;
    }
}
