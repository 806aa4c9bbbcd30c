//! Several limits together, against nginx's own arithmetic.

mod nginx;

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::limit::{Delay, Policy};
use nginx::{Nginx, Verdict, Zone};

fn table(policy: &str) -> LimitTable {
    let mut words = policy.split(' ');
    let mut word = || words.next().unwrap();
    let (rate, burst) = (word().parse().unwrap(), word().parse().unwrap());
    let delay = match word() {
        "nodelay" => Delay::Never,
        number => Delay::Beyond(number.parse().unwrap()),
    };
    LimitTable::new(Policy { rate, burst, delay }, 64, 7)
}

fn admit_at(tables: &[LimitTable], now_ms: u64) -> Outcome {
    let claims = tables.iter().map(|table| Claim { table, key: 1 });
    admit(claims, now_ms).unwrap()
}

#[test]
fn what_one_limit_rejects_is_counted_by_none() {
    let tables = [table("1r/s 5 nodelay"), table("1r/m 0 nodelay")];
    assert_eq!(admit_at(&tables, 0).decision, Decision::Pass);
    for now_ms in 1..100 {
        let outcome = admit_at(&tables, now_ms);
        assert!(matches!(outcome.decision, Decision::Reject(_)));
        assert_eq!(outcome.by, 1);
    }
    // The first limit alone still has its whole burst.
    for _ in 0..5 {
        assert_eq!(tables[0].admit(1, 100), Decision::Pass);
    }
    assert!(matches!(tables[0].admit(1, 100), Decision::Reject(_)));
}

#[test]
fn the_longest_wait_counts() {
    let tables = [table("10r/s 5 0"), table("2r/s 5 0"), table("5r/s 5 0")];
    assert_eq!(admit_at(&tables, 0).decision, Decision::Pass);
    let second = admit_at(&tables, 0);
    assert_eq!(second.decision, Decision::Wait(Duration::from_millis(500)));
    assert_eq!(second.by, 1);
}

#[test]
fn what_others_counted_decides_and_is_remembered() {
    let tables = [table("1r/s 5 nodelay")];
    let claims = || tables.iter().map(|table| Claim { table, key: 1 });
    let level = |excess| Some(Level { excess, last_ms: 0 });
    let decide = |excess| admit_from(claims(), &[level(excess)], 0).map(|found| found.decision);
    assert_eq!(
        admit_from(claims(), &[None], 0).unwrap().decision,
        Decision::Pass
    );
    assert_eq!(rejection(claims(), 0), None);
    assert_eq!(decide(4000), Some(Decision::Pass));
    assert!(matches!(decide(4500), Some(Decision::Reject(_))));
    // Half a request drains in half a second; until then nobody need be asked.
    assert_eq!(rejection(claims(), 499).map(|found| found.by), Some(0));
    assert_eq!(rejection(claims(), 500), None);
}

#[test]
fn no_claim_is_no_limit() {
    assert_eq!(admit([], 0), None);
}

fn policies() -> impl Strategy<Value = Policy> {
    let rate = prop_oneof![
        (1..2000_u32).prop_map(|number| format!("{number}r/s")),
        (1..300_u32).prop_map(|number| format!("{number}r/m")),
    ];
    let delay = prop_oneof![Just(Delay::Never), (0..8_u32).prop_map(Delay::Beyond)];
    (rate, 0..8_u32, delay).prop_map(|(rate, burst, delay)| Policy {
        rate: rate.parse().unwrap(),
        burst,
        delay,
    })
}

/// Mostly bursts and short pauses; sometimes a long one, or a clock that steps back.
fn pauses() -> impl Strategy<Value = i64> {
    prop_oneof![
        4 => Just(0_i64),
        6 => 0..40_i64,
        4 => 0..2000_i64,
        1 => 0..200_000_i64,
        1 => -130_000..0_i64,
    ]
}

/// The pause before a request, and its key for each of three limits, if it has one.
fn arrivals() -> impl Strategy<Value = Vec<(i64, [Option<u8>; 3])>> {
    let key = || proptest::option::weighted(0.9, 0..2_u8);
    vec((pauses(), [key(), key(), key()]), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// One to three limits, requests that have a key in some of them: each fares as in nginx, to the millisecond.
    #[test]
    fn every_request_fares_as_in_nginx(policies in vec(policies(), 1..4), arrivals in arrivals()) {
        let tables: Vec<_> = policies.iter().map(|policy| LimitTable::new(*policy, 64, 7)).collect();
        let mut nginx = Nginx::new(policies.iter().map(Zone::of).collect());
        let mut now_ms: i64 = 1_000_000_000;
        for (pause, keys) in arrivals {
            now_ms += pause;
            let keys = &keys[..tables.len()];
            let claims = tables.iter().zip(keys).filter_map(|(table, key)| {
                key.map(|key| Claim { table, key: u128::from(key) })
            });
            let own = match admit(claims, now_ms.unsigned_abs()).map(|outcome| outcome.decision) {
                None | Some(Decision::Pass) => Verdict::Pass,
                Some(Decision::Wait(time)) if time.is_zero() => Verdict::Pass,
                Some(Decision::Wait(time)) => Verdict::Delay(time.as_millis()),
                Some(Decision::Reject(_)) => Verdict::Busy,
            };
            prop_assert_eq!(own, nginx.handle(now_ms, keys), "at {}", now_ms);
        }
    }

    /// The time that a rejection names is the first at which a try passes, and no earlier.
    #[test]
    fn a_rejection_names_the_first_moment_at_which_a_try_passes(policy in policies(), pauses in vec(0..40_u64, 1..30)) {
        let (mut level, mut now_ms) = (None, 0);
        for pause in pauses {
            now_ms += pause;
            let (next, decision) = policy.admit(level, now_ms);
            if let Decision::Reject(time) = decision {
                let passes = now_ms + u64::try_from(time.as_millis()).unwrap();
                let is_rejected = |at| matches!(policy.admit(level, at).1, Decision::Reject(_));
                prop_assert!(!is_rejected(passes) && is_rejected(passes - 1));
            }
            level = Some(next);
        }
    }
}
