//! Ends a process one of whose threads is stuck: whoever started it starts only what has ended.

use std::io;
use std::process::abort;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// How often a watched thread shows that it turns, and is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// How long the last words may take: what they are written to may be what hangs.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(1);

type Watched = Arc<Mutex<Vec<Turning>>>;

/// Looks after threads from one of its own, which ends with this.
#[derive(Debug)]
pub struct Watchdog {
    every: Duration,
    watched: Watched,
    thread: Option<(Sender<()>, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Turning {
    name: String,
    turns: Weak<AtomicU64>,
    seen: u64,
    missed: u32,
}

impl Watchdog {
    /// One that ends the process once a thread has not turned for this long; rounded to whole seconds. A process that
    /// was stopped as a whole is not stuck: only what happens while this watches counts.
    pub fn start(patience: Duration) -> io::Result<Self> {
        Self::with(EVERY, patience, end)
    }

    fn with(
        every: Duration,
        patience: Duration,
        bite: impl Fn(&str) + Send + 'static,
    ) -> io::Result<Self> {
        let watched = Watched::default();
        let (sender, stop) = channel();
        let rounds = u32::try_from(patience.as_millis() / every.as_millis().max(1));
        let rounds = rounds.unwrap_or(u32::MAX).max(2);
        let looked_at = Arc::clone(&watched);
        let thread = Builder::new()
            .name("watchdog".to_owned())
            .spawn(move || watch(&looked_at, &stop, (every, rounds), bite))?;
        Ok(Self {
            every,
            watched,
            thread: Some((sender, thread)),
        })
    }

    /// To be awaited for ever on the thread of this name, which is watched until it drops this.
    pub fn turning(&self, name: &str) -> impl Future<Output = ()> + use<> {
        let turns = Arc::new(AtomicU64::new(0));
        let turning = Turning {
            name: name.to_owned(),
            turns: Arc::downgrade(&turns),
            seen: 0,
            missed: 0,
        };
        lock(&self.watched).push(turning);
        let every = self.every;
        async move {
            loop {
                turns.fetch_add(1, Relaxed);
                tokio::time::sleep(every).await;
            }
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.thread.take() {
            drop(stop);
            // It only looks, so it can't have failed.
            let _ = thread.join();
        }
    }
}

fn watch(
    watched: &Watched,
    stop: &Receiver<()>,
    (every, patience): (Duration, u32),
    bite: impl Fn(&str),
) {
    while stop.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
        let mut watched = lock(watched);
        watched.retain_mut(Turning::look);
        if let Some(stuck) = watched.iter().find(|turning| turning.missed >= patience) {
            bite(&stuck.name);
        }
    }
}

impl Turning {
    /// Counts the looks at which it had not turned; false when nobody turns any more.
    fn look(&mut self) -> bool {
        let Some(turns) = self.turns.upgrade() else {
            return false;
        };
        let turns = turns.load(Relaxed);
        let has_turned = turns != self.seen;
        self.missed = if has_turned { 0 } else { self.missed + 1 };
        self.seen = turns;
        true
    }
}

fn lock(watched: &Watched) -> std::sync::MutexGuard<'_, Vec<Turning>> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says why, if that can still be said, and ends the process as a crash does.
fn end(name: &str) {
    let (said, has_said) = channel();
    let name = name.to_owned();
    let speak = move || {
        tracing::error!(
            task.name = %name,
            "`{name}` is stuck: the process ends, so that whoever started it can start it again"
        );
        // Nobody waits any more when it took too long.
        let _ = said.send(());
    };
    if Builder::new()
        .name("last-words".to_owned())
        .spawn(speak)
        .is_ok()
    {
        let _ = has_said.recv_timeout(LAST_WORDS_WITHIN);
    }
    abort()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::thread;

    use tokio::runtime::Builder;
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(10);

    fn turn(turns: impl Future<Output = ()>) {
        let runtime = Builder::new_current_thread().enable_time().build();
        let turned = async { timeout(SHORT * 50, turns).await };
        runtime.unwrap().block_on(turned).unwrap_err();
    }

    #[test]
    fn a_thread_that_is_stuck_is_named_and_one_that_turns_or_has_ended_is_not() {
        let (bite, bitten) = sync_channel(8);
        let bite = move |name: &str| drop(bite.try_send(name.to_owned()));
        let watchdog = Watchdog::with(SHORT, SHORT * 5, bite).unwrap();
        let turns = watchdog.turning("turns");
        drop(watchdog.turning("ended"));
        // Nobody awaits it.
        let _stuck = watchdog.turning("stuck");
        thread::scope(|scope| {
            scope.spawn(|| turn(turns));
            let named = bitten.recv_timeout(Duration::from_secs(10));
            assert_eq!(named.unwrap(), "stuck");
        });
    }
}
