//! The levels of many keys in a table whose size never changes, however many keys come.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::limit::{Decision, Level, Policy};

const WAYS: usize = 8;

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u128,
    level: Option<Level>,
}

type Bucket = Mutex<[Slot; WAYS]>;

/// Levels by key. A key has eight places it may stand in; when all are taken, the one that rested longest
/// gives way, as in nginx's zone: under a flood of addresses the limit forgets, and never refuses a stranger.
pub struct LimitTable {
    policy: Policy,
    /// Made when first needed: a quiet server doesn't pay for the addresses that never came.
    buckets: Box<[OnceLock<Box<Bucket>>]>,
    seed: u64,
}

impl LimitTable {
    /// A table of about `keys` keys (32 bytes each). `seed` is random, so that nobody can aim at one bucket.
    pub fn new(policy: Policy, keys: usize, seed: u64) -> Self {
        let count = (keys / WAYS).next_power_of_two().max(1);
        let buckets = (0..count).map(|_| OnceLock::new()).collect();
        Self {
            policy,
            buckets,
            seed,
        }
    }

    /// The limit that this table holds.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Counts one request of `key`; `now_ms` comes from a clock that all callers share.
    pub fn admit(&self, key: u128, now_ms: u64) -> Decision {
        let mut slots = self
            .bucket(key)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let found = slots
            .iter()
            .position(|slot| slot.level.is_some() && slot.key == key);
        let place = found.unwrap_or_else(|| stalest(&slots));
        let known = found.and_then(|index| slots[index].level);
        let (level, decision) = self.policy.admit(known, now_ms);
        slots[place] = Slot {
            key,
            level: Some(level),
        };
        decision
    }

    fn bucket(&self, key: u128) -> &Bucket {
        self.buckets[self.hash(key) & (self.buckets.len() - 1)].get_or_init(Box::default)
    }

    /// Two rounds of a multiply-and-fold mix: cheap, and unpredictable without the seed.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the folds keep both halves of each product"
    )]
    fn hash(&self, key: u128) -> usize {
        let fold = |a: u64, b: u64| {
            let product = u128::from(a) * u128::from(b);
            (product as u64) ^ ((product >> 64) as u64)
        };
        let first = fold((key as u64) ^ self.seed, 0x9e37_79b9_7f4a_7c15);
        fold(((key >> 64) as u64) ^ first, self.seed | 1) as usize
    }
}

fn stalest(slots: &[Slot; WAYS]) -> usize {
    let age = |slot: &Slot| slot.level.map_or(0, |level| level.last_ms + 1);
    (0..WAYS)
        .min_by_key(|&index| age(&slots[index]))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::{Delay, Rate};

    fn table(keys: usize) -> LimitTable {
        LimitTable::new(
            Policy {
                rate: Rate::per_second(1),
                burst: 1,
                delay: Delay::Never,
            },
            keys,
            7,
        )
    }

    #[test]
    fn keys_are_limited_apart() {
        let table = table(1024);
        for key in [1, 2, u128::MAX, 1 << 64] {
            let decisions = [0; 3].map(|now_ms| table.admit(key, now_ms));
            assert!(
                matches!(
                    decisions,
                    [Decision::Pass, Decision::Pass, Decision::Reject(_)]
                ),
                "{key}"
            );
        }
    }

    #[test]
    fn a_million_strangers_neither_grow_the_table_nor_are_refused() {
        let table = table(1024);
        assert!((0..1_000_000).all(|key| table.admit(key, 0) == Decision::Pass));
        assert_eq!(table.buckets.len() * WAYS, 1024);
    }

    #[test]
    fn a_busy_key_stays_while_strangers_pass_by() {
        let table = table(64);
        let mut rejected = 0;
        for now_ms in 0..1000 {
            rejected += u32::from(matches!(
                table.admit(u128::MAX, now_ms),
                Decision::Reject(_)
            ));
            table.admit(u128::from(now_ms), now_ms);
        }
        assert!(rejected > 900, "rejected {rejected} of 1000");
    }
}
