//! What is done when: without a certificate, with one, with a suggestion, after failures.

use std::time::Duration;

use super::*;
use crate::acme::failure::Failure;
use crate::acme::state::Pending;
use crate::tls::{Authority, Names};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn after(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

/// A certificate for `a.example` and this machine.
fn served() -> Served {
    let directory = tempfile::tempdir().unwrap();
    let names = Names::of_server(&["a.example".to_owned()], [127, 0, 0, 1].into());
    Authority::new(
        directory.path().to_owned(),
        names,
        Names::default(),
        "one".to_owned(),
    )
    .certificates(NOW)
    .unwrap()
    .whole
}

fn suggested(served: &Served, at: u64, ask: u64) -> State {
    State {
        suggestion: Some(Suggestion {
            certificate: renewal::name(served),
            at: after(at),
            ask: after(ask),
        }),
        ..State::default()
    }
}

fn check(state: &State, served: Option<&Served>, domain: &str, expected: Step) {
    assert_eq!(next(state, served, &[domain.to_owned()], NOW), expected);
}

#[test]
fn without_a_certificate_for_every_name_one_is_fetched_at_once() {
    let served = served();
    check(&State::default(), None, "a.example", Step::Order);
    check(&State::default(), Some(&served), "b.example", Step::Order);
}

#[test]
fn a_certificate_rests_until_it_is_due_and_the_authority_is_asked_in_between() {
    let served = served();
    let check = |state: &State, expected| check(state, Some(&served), "a.example", expected);
    check(&State::default(), Step::Ask);
    check(&suggested(&served, 500, 100), Step::Rest(after(100)));
    check(&suggested(&served, 50, 100), Step::Rest(after(50)));
    check(&suggested(&served, 500, 0), Step::Ask);
    check(&suggested(&served, 0, 100), Step::Order);
    let mut other = suggested(&served, 0, 100);
    other.suggestion.as_mut().unwrap().certificate = "another".to_owned();
    check(&other, Step::Ask);
}

#[test]
fn nothing_is_fetched_before_the_pause_after_a_failure_is_over() {
    let served = served();
    let fail = |mut state: State| {
        let domains = ["a.example".to_owned()];
        state.fails(&Failure::new("no answer"), &domains, NOW, 0.0);
        state
    };
    check(
        &fail(State::default()),
        None,
        "a.example",
        Step::Rest(after(60)),
    );
    let due = fail(suggested(&served, 0, 100));
    check(&due, Some(&served), "a.example", Step::Rest(after(60)));
    let resting = fail(suggested(&served, 500, 400));
    check(&resting, Some(&served), "a.example", Step::Rest(after(400)));
}

#[test]
fn nothing_new_is_ordered_while_too_many_orders_were_placed_of_late() {
    let mut state = State::default();
    (0..20).for_each(|_| state.places_order(NOW));
    check(&state, None, "a.example", Step::Rest(after(300)));
    state.order = Some(Pending {
        url: String::new(),
        directory: String::new(),
        domains: vec!["a.example".to_owned()],
        key: String::new(),
    });
    check(&state, None, "a.example", Step::Order);
    // One for other names is not gone on with.
    check(&state, None, "b.example", Step::Rest(after(300)));
}
