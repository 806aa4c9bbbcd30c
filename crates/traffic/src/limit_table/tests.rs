//! The table stays as large as it is and right for those who come again.

use std::collections::HashMap;
use std::fs;

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

fn taken(table: &LimitTable) -> usize {
    let buckets = table.buckets.iter().filter_map(OnceLock::get);
    buckets.map(|bucket| bucket.lock().unwrap().taken).sum()
}

/// Memory of this process that is in use, in bytes.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
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

/// Ten million addresses pass by, a thousand each millisecond; the regular ones come again all the while, some of them
/// far too often.
#[test]
fn ten_million_strangers_neither_grow_the_table_nor_disturb_those_who_come_again() {
    const STRANGERS: u128 = 10_000_000;
    let table = table(32_768);
    let (mut levels, before) = (HashMap::new(), resident());
    for stranger in 0..STRANGERS {
        let now_ms = u64::try_from(stranger / 1000).unwrap();
        assert_eq!(table.admit(stranger, now_ms), Decision::Pass);
        if stranger % 500 == 0 {
            let regular = u128::MAX - (stranger / 500) % 10;
            let known = levels.get(&regular).copied();
            let (level, expected) = table.policy().admit(known, now_ms);
            levels.insert(regular, level);
            assert_eq!(table.admit(regular, now_ms), expected, "at {now_ms} ms");
        }
    }
    let grown = resident().saturating_sub(before);
    assert_eq!(taken(&table), 32_768);
    assert_eq!(size_of::<Slot>(), 32);
    assert!(grown < 32_768 * 64, "the table takes {grown} bytes");
}

#[test]
fn the_key_that_was_not_asked_for_longest_gives_way() {
    let table = table(WAYS);
    for key in 0..16 {
        table.admit(key, key.try_into().unwrap());
    }
    // The first is rejected in the end, so its level rests; it was asked for all the same.
    for _ in 0..5 {
        table.admit(0, 16);
    }
    table.admit(100, 17);
    let is_known = |key| table.place(key).level().is_some();
    assert!(is_known(0) && is_known(100) && !is_known(1));
    assert!((2..16).all(is_known));
}
