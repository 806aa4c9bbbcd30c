//! How long a connection to a target may rest before the target closes it: told by the target, or learned.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What was learned is believed for so long: the target may have been set up anew.
const MEMORY_MS: u64 = 300_000;
/// Nothing shorter is learned: a target that restarts closes connections that just began to rest.
const LEAST_MS: u64 = 200;

/// The time after which a resting connection is not used any more, for one target.
#[derive(Debug)]
pub(crate) struct IdleTime {
    most_ms: u64,
    learned_ms: AtomicU64,
    learned_at: AtomicU64,
}

impl IdleTime {
    pub(crate) fn new(most: Duration) -> Self {
        Self {
            most_ms: ms(most),
            learned_ms: AtomicU64::new(u64::MAX),
            learned_at: AtomicU64::new(0),
        }
    }

    /// The target closed a connection that had rested for this long; the next ones are given up well before.
    pub(crate) fn learn(&self, rested: Duration, now: u64) {
        let learned = (ms(rested) * 3 / 4).max(LEAST_MS);
        if learned < self.get_ms(now) {
            self.learned_ms.store(learned, Relaxed);
            self.learned_at.store(now, Relaxed);
        }
    }

    /// Whether the target itself has shown how long it keeps a connection.
    pub(crate) fn is_learned(&self, now: u64) -> bool {
        self.get_ms(now) < self.most_ms
    }

    /// How long a connection may rest now.
    pub(crate) fn get(&self, now: u64) -> Duration {
        Duration::from_millis(self.get_ms(now))
    }

    fn get_ms(&self, now: u64) -> u64 {
        let is_fresh = now.saturating_sub(self.learned_at.load(Relaxed)) < MEMORY_MS;
        let learned = self.learned_ms.load(Relaxed);
        if is_fresh {
            self.most_ms.min(learned)
        } else {
            self.most_ms
        }
    }
}

/// What a `Keep-Alive: timeout=N` header allows: not quite N, since the answer was on its way for a while.
pub(crate) fn stated(header: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(header).ok()?;
    let stated = text.split(',').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("timeout")
            .then(|| value.trim())
    });
    let seconds = stated?.parse::<u32>().ok()?;
    Some(Duration::from_secs(seconds.into()) * 3 / 4)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_closes_early_is_believed_for_a_while() {
        let time = IdleTime::new(Duration::from_secs(4));
        assert_eq!(time.get(0), Duration::from_secs(4));
        time.learn(Duration::from_secs(2), 1000);
        assert_eq!(time.get(1000), Duration::from_millis(1500));
        time.learn(Duration::from_secs(3), 2000);
        assert_eq!(time.get(2000), Duration::from_millis(1500));
        time.learn(Duration::ZERO, 3000);
        assert_eq!(time.get(3000), Duration::from_millis(200));
        assert_eq!(time.get(3000 + MEMORY_MS), Duration::from_secs(4));
        time.learn(Duration::from_mins(1), 400_000);
        assert_eq!(time.get(400_000), Duration::from_secs(4));
    }

    #[test]
    fn what_was_only_configured_is_not_learned() {
        let time = IdleTime::new(Duration::from_secs(4));
        assert!(!time.is_learned(1));
        time.learn(Duration::from_secs(2), 1000);
        assert!(time.is_learned(1000));
        assert!(!time.is_learned(1000 + MEMORY_MS));
    }

    #[test]
    fn a_stated_time_is_read_wherever_it_stands() {
        let read = |text: &str| stated(text.as_bytes());
        assert_eq!(read("timeout=5"), Some(Duration::from_millis(3750)));
        assert_eq!(
            read("max=100, Timeout = 2"),
            Some(Duration::from_millis(1500))
        );
        for text in [
            "",
            "timeout",
            "timeout=",
            "timeout=x",
            "max=5",
            "timeout=-1",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
