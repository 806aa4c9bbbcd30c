//! Times as the log writes them. Within one second only six digits change, and only those are written anew.

use jiff::Timestamp;

/// Where the digits below the second stand in `2026-11-20T12:00:00.000001Z`.
const FRACTION: std::ops::Range<usize> = 20..26;

/// The last time that was written.
#[derive(Debug)]
pub(super) struct Clock {
    second: i64,
    text: Vec<u8>,
}

impl Default for Clock {
    fn default() -> Self {
        // No time is in this second: it is beyond what a timestamp holds.
        Self {
            second: i64::MIN,
            text: Vec::new(),
        }
    }
}

impl Clock {
    /// RFC 3339, UTC, microseconds.
    pub(super) fn text(&mut self, time: Timestamp) -> &str {
        let second = time.as_second();
        if second != self.second || self.text.len() <= FRACTION.end {
            self.second = second;
            self.text = format!("{time:.6}").into_bytes();
        }
        let mut rest = time.subsec_microsecond().unsigned_abs();
        for place in self.text[FRACTION].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        std::str::from_utf8(&self.text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_long_way_would() {
        let mut clock = Clock::default();
        for nanosecond in [
            0,
            1000,
            999_999_999,
            1_000_000_000,
            1_000_000_001,
            1_763_640_000_123_456_789,
            0,
        ] {
            let time = Timestamp::from_nanosecond(nanosecond).unwrap();
            assert_eq!(clock.text(time), format!("{time:.6}"));
        }
    }
}
