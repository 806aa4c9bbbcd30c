//! What a limit did to one request, for its record.

use std::time::Duration;

/// In the order of `metrics::OUTCOMES`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Rejected,
    Delayed,
    WouldReject,
    WouldDelay,
}

/// A limit that did not let a request pass at once, or would not have done so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    /// Its place among the limits.
    pub(super) limit: u8,
    pub(super) what: What,
    /// For how long the request was to wait; for a rejection, until another try would pass.
    pub(crate) wait_ms: u32,
}

impl Held {
    pub(super) fn new(limit: usize, what: What, wait: Duration) -> Self {
        Self {
            limit: u8::try_from(limit).unwrap_or(u8::MAX),
            what,
            wait_ms: u32::try_from(wait.as_millis()).unwrap_or(u32::MAX),
        }
    }

    /// In one number, never 0.
    pub(crate) fn to_bits(self) -> u64 {
        1 << 63 | u64::from(self.limit) << 40 | (self.what as u64) << 32 | u64::from(self.wait_ms)
    }

    /// `None` from 0.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "each part is cut out of its bits"
    )]
    pub(crate) fn from_bits(bits: u64) -> Option<Self> {
        let what = match (bits >> 32) & 0xff {
            0 => What::Rejected,
            1 => What::Delayed,
            2 => What::WouldReject,
            _ => What::WouldDelay,
        };
        (bits != 0).then_some(Self {
            limit: (bits >> 40) as u8,
            what,
            wait_ms: bits as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_from_its_bits() {
        assert_eq!(Held::from_bits(0), None);
        for what in [
            What::Rejected,
            What::Delayed,
            What::WouldReject,
            What::WouldDelay,
        ] {
            for (limit, wait) in [(0, Duration::ZERO), (255, Duration::MAX)] {
                let held = Held::new(limit, what, wait);
                assert_eq!(Held::from_bits(held.to_bits()), Some(held));
            }
        }
    }
}
