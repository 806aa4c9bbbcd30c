//! Times that differ a little, so that nobody asks in step.

use std::time::Duration;

/// The time a fifth longer or shorter, by chance, so that many edges do not ask in step.
pub(super) fn varied(time: Duration) -> Duration {
    // Without random numbers there is no TLS either; the time as it is will do.
    let draw = getrandom::u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX));
    time.mul_f64(0.8 + 0.4 * draw)
}
