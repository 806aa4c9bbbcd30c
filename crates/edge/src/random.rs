//! Random numbers: names for requests, unique and cheap enough for the hot path; and fractions for spreading work.

use std::sync::atomic::{AtomicU64, Ordering};

use traffic::RequestId;

/// A counter behind a mixing function with a random seed, one for each worker thread.
#[derive(Debug)]
pub(crate) struct RequestIds {
    seed: [u64; 2],
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            seed: [getrandom::u64()?, getrandom::u64()?],
            next: AtomicU64::new(0),
        })
    }

    pub(crate) fn next(&self) -> RequestId {
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let [high, low] = self
            .seed
            .map(|seed| u128::from(mix(seed.wrapping_add(count))));
        RequestId(high << 64 | low)
    }
}

/// The finalizer of `SplitMix64`, applied twice so that neighbours share no pattern; it is a bijection, so no
/// two counts of one seed give the same number.
fn mix(number: u64) -> u64 {
    (0..2).fold(number, |number, _| {
        let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    })
}

/// A number from 0 to 1, for spreading out what would come all at once; 0 when the system gives none.
pub(crate) fn fraction() -> f64 {
    f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX)
}

/// 32 digits that nobody guesses.
pub(crate) fn token() -> Result<String, getrandom::Error> {
    Ok(format!(
        "{:016x}{:016x}",
        getrandom::u64()?,
        getrandom::u64()?
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_do_not_repeat() {
        let ids = RequestIds::new().unwrap();
        let seen: HashSet<_> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(seen.len(), 10_000);
    }
}
