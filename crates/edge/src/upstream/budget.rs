//! How many requests may be sent a second time: a share of all, so that a failing upstream is not drowned.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// Hundredths of a retry that are there at the start and saved up at most.
const SAVED: i64 = 10 * 100;

/// Filled by requests, emptied by retries.
#[derive(Debug)]
pub(crate) struct Budget {
    percent: i64,
    hundredths: AtomicI64,
}

impl Budget {
    pub(crate) fn new(percent: u32) -> Self {
        Self {
            percent: percent.into(),
            hundredths: AtomicI64::new(if percent == 0 { 0 } else { SAVED }),
        }
    }

    /// Counts a request.
    pub(crate) fn request(&self) {
        if self.hundredths.load(Relaxed) < SAVED {
            self.hundredths.fetch_add(self.percent, Relaxed);
        }
    }

    /// Whether a request may be sent a second time; counts it if so.
    pub(crate) fn retry(&self) -> bool {
        self.hundredths
            .try_update(Relaxed, Relaxed, |left| (left >= 100).then(|| left - 100))
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_the_requests_may_be_sent_twice() {
        let budget = Budget::new(20);
        while budget.retry() {}
        let granted = (0..1000)
            .filter(|_| {
                budget.request();
                budget.retry()
            })
            .count();
        assert_eq!(granted, 200);
    }

    #[test]
    fn no_share_is_no_retry() {
        let budget = Budget::new(0);
        budget.request();
        assert!(!budget.retry());
    }
}
