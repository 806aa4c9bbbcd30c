//! What answers about a name lead to.

use std::time::Duration;

use http::HeaderValue;

use super::super::target::Birth;
use super::*;

fn make(address: IpAddr, verdict: Verdict, is_first: bool) -> Arc<Target> {
    Arc::new(Target::new(Birth {
        upstream: "app",
        socket: (address, 80).into(),
        authority: HeaderValue::from_static("app"),
        tls: None,
        protocol: crate::config::Protocol::Http1,
        weight: 1,
        is_backup: false,
        verdict,
        keep_alive: Duration::from_secs(4),
        now: u64::from(!is_first),
    }))
}

fn addresses(last: &[u8]) -> Heard {
    Heard::Addresses(
        last.iter()
            .map(|last| IpAddr::from([10, 0, 0, *last]))
            .collect(),
    )
}

fn shown(roster: &Roster) -> Vec<(u8, Verdict)> {
    let last = |address| match address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(_) => 0,
    };
    let current = roster.current().iter();
    current
        .map(|target| (last(target.socket.ip()), target.verdict()))
        .collect()
}

#[test]
fn targets_are_in_order_whatever_the_order_of_the_answer() {
    let mut roster = Roster::default();
    assert!(roster.hear(addresses(&[3, 1, 2, 1]), make));
    assert_eq!(
        shown(&roster),
        [(1, Verdict::Up), (2, Verdict::Up), (3, Verdict::Up)]
    );
    assert!(!roster.hear(addresses(&[2, 3, 1]), make));
}

#[test]
fn the_last_good_answer_stands_while_nobody_can_say() {
    let mut roster = Roster::default();
    roster.hear(addresses(&[1]), make);
    for _ in 0..10 {
        assert!(!roster.hear(Heard::Silence("timed out".to_owned()), make));
    }
    assert_eq!(shown(&roster).len(), 1);
}

#[test]
fn a_name_is_empty_only_when_it_was_denied_three_times_in_a_row() {
    let mut roster = Roster::default();
    roster.hear(addresses(&[1]), make);
    roster.hear(Heard::Nothing, make);
    roster.hear(Heard::Nothing, make);
    roster.hear(addresses(&[1]), make);
    assert!(!roster.hear(Heard::Nothing, make));
    assert!(!roster.hear(Heard::Nothing, make));
    assert_eq!(shown(&roster).len(), 1);
    assert!(roster.hear(Heard::Nothing, make));
    assert!(shown(&roster).is_empty());
}

#[test]
fn an_address_that_vanished_and_came_back_must_be_checked_first() {
    let mut roster = Roster::default();
    roster.hear(addresses(&[1, 2]), make);
    let kept = Arc::clone(&roster.current()[0]);
    roster.hear(addresses(&[1]), make);
    roster.hear(addresses(&[1, 2, 3]), make);
    assert_eq!(
        shown(&roster),
        [(1, Verdict::Up), (2, Verdict::Pending), (3, Verdict::Up)]
    );
    assert!(Arc::ptr_eq(&kept, &roster.current()[0]));
}
