//! The request limit of nginx's `limit_req`, as arithmetic on values.
//!
//! Source: `ngx_http_limit_req_module`: a leaky bucket whose level (`excess`) is counted in thousandths
//! of a request, drains at `rate`, and is not raised by a request that it rejects.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Requests in thousandths a second; at least one request a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    milli_per_second: u64,
}

impl Rate {
    /// A whole number of requests a second, at least 1.
    pub fn per_second(requests: u32) -> Self {
        Self {
            milli_per_second: u64::from(requests.max(1)) * 1000,
        }
    }

    /// Thousandths of a request that drain in a second.
    pub fn milli_per_second(self) -> u64 {
        self.milli_per_second
    }

    /// The time in which one request drains.
    pub fn interval(self) -> Duration {
        Duration::from_micros(1_000_000_000 / self.milli_per_second)
    }
}

/// Why a text is no rate; says what one looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRate(String);

impl fmt::Display for InvalidRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no rate: write requests a second or a minute, such as `20r/s` or `600r/m`",
            self.0
        )
    }
}

impl std::error::Error for InvalidRate {}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        let invalid = || InvalidRate(text.to_owned());
        let (number, seconds) = match (text.strip_suffix("r/s"), text.strip_suffix("r/m")) {
            (Some(number), _) => (number, 1),
            (None, Some(number)) => (number, 60),
            (None, None) => return Err(invalid()),
        };
        let requests: u32 = number.parse().map_err(|_| invalid())?;
        let milli_per_second = u64::from(requests) * 1000 / seconds;
        if milli_per_second == 0 {
            return Err(invalid());
        }
        Ok(Self { milli_per_second })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.milli_per_second {
            whole if whole % 1000 == 0 => write!(f, "{}r/s", whole / 1000),
            other => write!(f, "{}r/m", (other * 60).div_ceil(1000)),
        }
    }
}

/// What happens to a request above the rate but within the burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    /// It goes through at once (nginx's `nodelay`).
    Never,
    /// It waits, unless no more than this many are in excess (nginx's `delay=N`; 0 paces them all).
    Beyond(u32),
}

/// The largest burst that a setting may have: with it, a level in thousandths is far from its end.
pub const MOST_BURST: u32 = 1_000_000;

/// One limit: so many requests a second, so many more at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What drains.
    pub rate: Rate,
    /// How many requests may be in excess before one is rejected; at most [`MOST_BURST`].
    pub burst: u32,
    /// Whether those in excess wait.
    pub delay: Delay,
}

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go on now.
    Pass,
    /// Go on after this time; its place is taken already.
    Wait(Duration),
    /// Refused; another try would pass after this time, if no other came in between.
    Reject(Duration),
}

/// The level of one key's bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Level {
    /// Thousandths of a request above the rate.
    pub excess: u32,
    /// When it was last raised, in milliseconds of the caller's clock.
    pub last_ms: u64,
}

impl Policy {
    /// Counts one request at `now_ms`; `level` is `None` for a key not seen before, whose first request is free.
    /// The level returned is the one to keep, unless another limit rejects the same request.
    pub fn admit(&self, level: Option<Level>, now_ms: u64) -> (Level, Decision) {
        let Some(level) = level else {
            return (
                Level {
                    excess: 0,
                    last_ms: now_ms,
                },
                Decision::Pass,
            );
        };
        // nginx: max(0, excess - drained + 1000), so that a long pause makes the next request free again.
        let excess = (u64::from(level.excess) + 1000).saturating_sub(self.drained(level, now_ms));
        let most = u64::from(self.burst) * 1000;
        if excess > most {
            let too_much = u64::from(level.excess) + 1000 - most;
            return (
                level,
                Decision::Reject(self.time_until(too_much, level, now_ms)),
            );
        }
        let raised = Level {
            excess: u32::try_from(excess).unwrap_or(u32::MAX),
            last_ms: if elapsed_ms(level, now_ms) == 0 {
                level.last_ms
            } else {
                now_ms
            },
        };
        (raised, self.decide(excess))
    }

    fn drained(&self, level: Level, now_ms: u64) -> u64 {
        let elapsed = elapsed_ms(level, now_ms);
        self.rate.milli_per_second.saturating_mul(elapsed) / 1000
    }

    fn decide(&self, excess: u64) -> Decision {
        let Delay::Beyond(free) = self.delay else {
            return Decision::Pass;
        };
        match excess.saturating_sub(u64::from(free) * 1000) {
            0 => Decision::Pass,
            // Rounded down, as nginx does.
            beyond => Decision::Wait(Duration::from_millis(
                beyond * 1000 / self.rate.milli_per_second,
            )),
        }
    }

    /// The time until so much of a level has drained; rounded up, so that a try after it is no try too early.
    fn time_until(&self, milli_requests: u64, level: Level, now_ms: u64) -> Duration {
        let in_all = (milli_requests * 1000).div_ceil(self.rate.milli_per_second);
        Duration::from_millis((level.last_ms + in_all).saturating_sub(now_ms))
    }
}

/// nginx's view of a clock that steps back: a little means no time at all, more than a minute begins anew.
fn elapsed_ms(level: Level, now_ms: u64) -> u64 {
    match level.last_ms.checked_sub(now_ms) {
        None | Some(0) => now_ms - level.last_ms,
        Some(back) => u64::from(back > 60_000),
    }
}

#[cfg(test)]
mod tests;
