//! What the task remembers from one start to the next: the order it began, what went wrong, when to renew.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// The first pause after a failure; each further one doubles it.
pub(super) const FIRST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// So many orders may be placed at once, and one more as often as this: whatever asks for certificates again and
/// again must not use up what the authority allows (Let's Encrypt: 300 in 3 hours).
const ORDERS: i32 = 20;
const ORDER_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Kept in `tls/acme/state.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// The order that was begun and not yet brought home.
    pub(crate) order: Option<Pending>,
    /// What went wrong with each name since it was last in a certificate that was fetched.
    pub(crate) troubles: BTreeMap<String, Trouble>,
    /// When the certificate in force shall be renewed.
    pub(crate) suggestion: Option<Suggestion>,
    /// The bucket of new orders, as the time at which it will be full again; `None` while it is full.
    pub(crate) full_again: Option<Timestamp>,
}

/// An order at the authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) url: String,
    pub(crate) directory: String,
    pub(crate) domains: Vec<String>,
    /// The key of the certificate to be, in PEM: what comes of the order is worth nothing without it.
    pub(crate) key: String,
}

/// Failures in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trouble {
    pub(crate) failures: u32,
    pub(crate) last: Timestamp,
    /// Nothing is tried before.
    pub(crate) not_before: Timestamp,
    pub(crate) error: String,
}

/// What the authority says of renewal (RFC 9773), or our own rule where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Suggestion {
    /// The certificate it is about.
    pub(crate) certificate: String,
    /// When to renew it.
    pub(crate) at: Timestamp,
    /// When to ask again.
    pub(crate) ask: Timestamp,
}

impl State {
    /// Notes the failure of an order for these names against those at fault; true when it is not what was wrong with them
    /// before. `jitter` is between 0 and 1.
    pub(crate) fn fails(
        &mut self,
        failure: &Failure,
        names: &[String],
        now: Timestamp,
        jitter: f64,
    ) -> bool {
        let mut is_news = false;
        if failure.is_final() {
            self.order = None;
        }
        for name in failure.at_fault(names) {
            let before = self.troubles.get(name);
            let failures = before.map_or(1, |before| before.failures.saturating_add(1));
            is_news |= before.is_none_or(|before| before.error != failure.text_of(name));
            let pause = pause(failures, jitter).max(failure.retry_after.unwrap_or_default());
            let trouble = Trouble {
                failures,
                last: now,
                not_before: now.saturating_add(pause).unwrap_or(Timestamp::MAX),
                error: failure.text_of(name).to_owned(),
            };
            self.troubles.insert(name.clone(), trouble);
        }
        is_news
    }

    /// What is left to know once a certificate for these names was brought home.
    pub(crate) fn after_success(&self, names: &[String]) -> Self {
        let mut troubles = self.troubles.clone();
        troubles.retain(|name, _| !names.contains(name));
        Self {
            troubles,
            full_again: self.full_again,
            ..Self::default()
        }
    }

    /// When another order may be placed; in the past when it may be now.
    pub(crate) fn next_order(&self, now: Timestamp) -> Timestamp {
        let full = self.full_again(now);
        full.saturating_add(ORDER_EVERY * (1 - ORDERS))
            .unwrap_or(now)
    }

    /// Counts an order that is placed now.
    pub(crate) fn places_order(&mut self, now: Timestamp) {
        let full = self.full_again(now).saturating_add(ORDER_EVERY);
        self.full_again = Some(full.unwrap_or(now));
    }

    /// Never later than an empty bucket needs, should the clock have been set back.
    fn full_again(&self, now: Timestamp) -> Timestamp {
        let latest = now.saturating_add(ORDER_EVERY * ORDERS).unwrap_or(now);
        self.full_again.map_or(now, |full| full.clamp(now, latest))
    }

    /// What is wrong with these names, each fault told once, the latest first.
    pub(crate) fn faults(&self, domains: &[String]) -> Vec<&Trouble> {
        let troubles = domains.iter().filter_map(|name| self.troubles.get(name));
        let mut faults: Vec<&Trouble> = Vec::new();
        for trouble in troubles {
            if faults.iter().all(|known| known.error != trouble.error) {
                faults.push(trouble);
            }
        }
        faults.sort_by_key(|trouble| Reverse(trouble.last));
        faults
    }
}

/// 1 minute, 2, 4, … 24 hours; up to a fifth less, so that many servers do not come back together.
fn pause(failures: u32, jitter: f64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << (failures.clamp(1, 16) - 1));
    doubled
        .min(LONGEST_PAUSE)
        .mul_f64(1.0 - 0.2 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn pauses_double_from_a_minute_to_a_day() {
        let check = |failures, minutes: u64| {
            assert_eq!(
                pause(failures, 0.0),
                Duration::from_secs(60 * minutes),
                "{failures}"
            );
        };
        check(1, 1);
        check(2, 2);
        check(5, 16);
        check(11, 1024);
        check(12, 1440);
        check(4_000_000_000, 1440);
        assert_eq!(pause(1, 1.0), Duration::from_secs(48));
    }

    #[test]
    fn a_failure_of_one_name_holds_up_that_name_and_one_of_the_authority_all() {
        let (domains, now) = (names(&["a.example", "b.example"]), Timestamp::UNIX_EPOCH);
        let mut state = State::default();
        for _ in 0..2 {
            state.fails(&Failure::of("b.example", "no address"), &domains, now, 0.0);
        }
        assert_eq!(state.troubles.len(), 1);
        let pause = state.troubles["b.example"].not_before.duration_since(now);
        assert_eq!(pause, SignedDuration::from_mins(2));
        state.fails(&Failure::new("no answer"), &domains, now, 0.0);
        assert_eq!(state.troubles["a.example"].failures, 1);
        assert_eq!(state.troubles["b.example"].failures, 3);
        // One that is blamed on a name that was not ordered for is everybody's.
        let stranger = Failure::of("c.example", "unknown");
        state.fails(&stranger, &domains[..1], now, 0.0);
        assert_eq!(state.troubles["a.example"].failures, 2);
        assert_eq!(state.troubles["b.example"].failures, 3);
        let after = state.after_success(&domains[..1]);
        assert_eq!(after.troubles.len(), 1);
        assert_eq!(after.troubles["b.example"].error, "no answer");
    }

    #[test]
    fn a_fault_of_several_names_is_told_once_and_the_latest_first() {
        let (domains, now) = (names(&["a.example", "b.example"]), Timestamp::UNIX_EPOCH);
        let mut state = State::default();
        let told = |state: &State| -> Vec<_> {
            let faults = state.faults(&domains).into_iter();
            faults.map(|trouble| trouble.error.clone()).collect()
        };
        state.fails(&Failure::new("no answer"), &domains, now, 0.0);
        assert_eq!(told(&state), ["no answer"]);
        let later = now + Duration::from_secs(1);
        let failure = Failure::of("b.example", "no address");
        state.fails(&failure, &domains, later, 0.0);
        assert_eq!(told(&state), ["no address", "no answer"]);
    }

    #[test]
    fn twenty_orders_may_be_placed_at_once_and_then_one_every_five_minutes() {
        let (mut state, start) = (State::default(), Timestamp::UNIX_EPOCH);
        let may = |state: &State, now| state.next_order(now) <= now;
        for _ in 0..20 {
            assert!(may(&state, start));
            state.places_order(start);
        }
        assert!(!may(&state, start));
        let later = start + Duration::from_mins(5);
        assert_eq!(state.next_order(start), later);
        assert!(may(&state, later));
        state.places_order(later);
        assert!(!may(&state, later));
        assert!(
            !may(&state.after_success(&[]), later),
            "a success frees nothing"
        );
        let day = later + Duration::from_hours(24);
        assert!((0..20).all(|_| {
            state.places_order(day);
            state.next_order(day) <= day + Duration::from_mins(5)
        }));
        let set_back = start - Duration::from_hours(1000);
        assert!(state.next_order(set_back) <= set_back + Duration::from_mins(5));
    }

    #[test]
    fn the_authority_may_ask_for_a_longer_pause_and_not_for_a_shorter_one() {
        let (domains, now) = (names(&["a.example"]), Timestamp::UNIX_EPOCH);
        for (asked, expected) in [(3600, 3600), (5, 60)] {
            let mut state = State::default();
            let mut failure = Failure::new("slow down");
            failure.retry_after = Some(Duration::from_secs(asked));
            state.fails(&failure, &domains, now, 0.0);
            let expected = now + Duration::from_secs(expected);
            assert_eq!(state.troubles["a.example"].not_before, expected);
        }
    }
}
