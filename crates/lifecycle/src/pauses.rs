//! Pauses between attempts at something that fails: longer and longer, up to a cap, and never the same for everybody.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(1);

/// Counts the attempts; a success begins anew with the default.
#[derive(Debug, Default)]
pub struct Pauses(u32);

impl Pauses {
    /// The next pause: between half and all of 20 ms, doubled at each attempt up to one second.
    pub fn longer(&mut self) -> Duration {
        let longest = FIRST.saturating_mul(1 << self.0.min(16)).min(LONGEST);
        self.0 = self.0.saturating_add(1);
        // The keys of a hasher differ each time.
        let chance = RandomState::new().hash_one(self.0).to_be_bytes()[0];
        longest.mul_f64(0.5 + f64::from(chance) / 512.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_second_and_differ() {
        let (mut one, mut other) = (Pauses::default(), Pauses::default());
        let ones: Vec<_> = (0..20).map(|_| one.longer()).collect();
        let others: Vec<_> = (0..20).map(|_| other.longer()).collect();
        assert!(ones[0] <= FIRST && ones[0] >= FIRST / 2, "{ones:?}");
        assert!(ones[19] <= LONGEST && ones[19] >= LONGEST / 2, "{ones:?}");
        assert_ne!(ones, others);
    }
}
