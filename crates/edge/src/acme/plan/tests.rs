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

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn order(these: &[&str]) -> Step {
    Step::Order(names(these))
}

fn pending(these: &[&str]) -> Pending {
    Pending {
        url: String::new(),
        directory: String::new(),
        domains: names(these),
        key: String::new(),
    }
}

fn fail(mut state: State, failure: &Failure, these: &[&str]) -> State {
    state.fails(failure, &names(these), NOW, 0.0);
    state
}

/// What is done after so many seconds.
fn check_at(
    seconds: u64,
    (state, served): (&State, Option<&Served>),
    domains: &[&str],
    expected: &Step,
) {
    let domains = names(domains);
    let view = View {
        state,
        served,
        domains: &domains,
        now: after(seconds),
    };
    assert_eq!(view.next(), *expected, "{seconds}");
}

fn check(state: &State, served: Option<&Served>, domain: &str, expected: &Step) {
    check_at(0, (state, served), &[domain], expected);
}

#[test]
fn without_a_certificate_one_is_fetched_at_once() {
    let served = served();
    check(&State::default(), None, "a.example", &order(&["a.example"]));
    check(
        &State::default(),
        Some(&served),
        "b.example",
        &order(&["b.example"]),
    );
}

#[test]
fn a_certificate_rests_until_it_is_due_and_the_authority_is_asked_in_between() {
    let served = served();
    let check = |state: &State, expected: &Step| check(state, Some(&served), "a.example", expected);
    check(&State::default(), &Step::Ask);
    check(&suggested(&served, 500, 100), &Step::Rest(after(100)));
    check(&suggested(&served, 50, 100), &Step::Rest(after(50)));
    check(&suggested(&served, 500, 0), &Step::Ask);
    check(&suggested(&served, 0, 100), &order(&["a.example"]));
    let mut other = suggested(&served, 0, 100);
    other.suggestion.as_mut().unwrap().certificate = "another".to_owned();
    check(&other, &Step::Ask);
}

#[test]
fn nothing_is_fetched_before_the_pause_after_a_failure_is_over() {
    let served = served();
    let fail = |state| fail(state, &Failure::new("no answer"), &["a.example"]);
    check(
        &fail(State::default()),
        None,
        "a.example",
        &Step::Rest(after(60)),
    );
    let due = fail(suggested(&served, 0, 100));
    check(&due, Some(&served), "a.example", &Step::Rest(after(60)));
    let resting = fail(suggested(&served, 500, 400));
    check(
        &resting,
        Some(&served),
        "a.example",
        &Step::Rest(after(400)),
    );
}

#[test]
fn nothing_new_is_ordered_while_too_many_orders_were_placed_of_late() {
    let mut state = State::default();
    (0..20).for_each(|_| state.places_order(NOW));
    check(&state, None, "a.example", &Step::Rest(after(300)));
    state.order = Some(pending(&["a.example"]));
    check(&state, None, "a.example", &order(&["a.example"]));
    // One for other names is not gone on with.
    check(&state, None, "b.example", &Step::Rest(after(300)));
}

#[test]
fn a_name_in_trouble_holds_up_no_other() {
    let both = ["a.example", "b.example"];
    let state = fail(
        State::default(),
        &Failure::of("b.example", "no address"),
        &both,
    );
    check_at(0, (&state, None), &both, &order(&["a.example"]));
    check_at(60, (&state, None), &both, &order(&both));
    // With a certificate for the other one, the rest ends when it may be tried again.
    let served = served();
    let state = State {
        troubles: state.troubles,
        ..suggested(&served, 500, 400)
    };
    check_at(0, (&state, Some(&served)), &both, &Step::Rest(after(60)));
    check_at(60, (&state, Some(&served)), &both, &order(&both));
}

#[test]
fn a_name_that_fails_at_renewal_is_left_out_until_it_may_be_tried_again() {
    let (served, both) = (served(), ["a.example", "localhost"]);
    let failure = Failure::of("localhost", "elsewhere");
    let state = fail(suggested(&served, 0, 1000), &failure, &both);
    check_at(0, (&state, Some(&served)), &both, &order(&["a.example"]));
    check_at(60, (&state, Some(&served)), &both, &order(&both));
}

#[test]
fn an_order_that_leaves_a_name_in_trouble_out_is_gone_on_with_and_one_without_a_new_name_is_not() {
    let both = ["a.example", "b.example"];
    let mut state = fail(
        State::default(),
        &Failure::of("b.example", "no address"),
        &both,
    );
    state.order = Some(pending(&["a.example"]));
    check_at(60, (&state, None), &both, &order(&["a.example"]));
    state.troubles.clear();
    check_at(60, (&state, None), &both, &order(&both));
}
