//! Milliseconds since the edge began, so that times fit atomic numbers.

use std::time::Instant;

/// A clock that never shows 0, which stands for "never".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn new(began: Instant) -> Self {
        Self(began)
    }

    pub(crate) fn now(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add(1)
    }
}
