//! The levels of many keys in a table whose size never changes, however many keys come.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crate::limit::{Decision, Level, Policy};

/// So many that a key which comes again before half the table has changed is all but sure to be found.
const WAYS: usize = 16;

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u128,
    level: Level,
}

/// The places of the keys that share a hash.
#[derive(Default)]
struct Bucket {
    /// The key asked for last in front.
    slots: [Slot; WAYS],
    /// How many of them are taken.
    taken: usize,
}

type LockedBucket = Mutex<Bucket>;

/// Levels by key. A key has sixteen places it may stand in; when all are taken, the one that was not asked for
/// longest gives way, as in nginx's zone: under a flood of addresses the limit forgets, and never refuses a stranger.
pub struct LimitTable {
    policy: Policy,
    /// Made when first needed: a quiet server doesn't pay for the addresses that never came.
    buckets: Box<[OnceLock<Box<LockedBucket>>]>,
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
        let mut place = self.place(key);
        let (level, decision) = self.policy.admit(place.level(), now_ms);
        if !matches!(decision, Decision::Reject(_)) {
            place.set(level);
        }
        decision
    }

    /// The key's place, which nobody else sees until it is dropped.
    pub(crate) fn place(&self, key: u128) -> Place<'_> {
        let mut bucket = self
            .bucket(key)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let taken = &bucket.slots[..bucket.taken];
        let found = taken.iter().position(|slot| slot.key == key);
        if let Some(index) = found {
            // A key that is asked for stays, also while it is rejected and its level rests.
            bucket.slots[..=index].rotate_right(1);
        }
        Place {
            bucket,
            key,
            is_known: found.is_some(),
        }
    }

    fn bucket(&self, key: u128) -> &LockedBucket {
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

/// Where one key's level stands, or may stand.
pub(crate) struct Place<'a> {
    bucket: MutexGuard<'a, Bucket>,
    key: u128,
    /// Then it is in front.
    is_known: bool,
}

impl Place<'_> {
    /// `None` for a key that is not known.
    pub(crate) fn level(&self) -> Option<Level> {
        self.is_known.then(|| self.bucket.slots[0].level)
    }

    pub(crate) fn set(&mut self, level: Level) {
        if !self.is_known {
            let taken = (self.bucket.taken + 1).min(WAYS);
            // In a full bucket the last one gives way.
            self.bucket.slots[..taken].rotate_right(1);
            (self.bucket.taken, self.is_known) = (taken, true);
        }
        self.bucket.slots[0] = Slot {
            key: self.key,
            level,
        };
    }
}

#[cfg(test)]
mod tests;
