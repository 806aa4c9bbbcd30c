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

fn ipv4(last: &[u8]) -> Heard {
    let address = |last: &u8| IpAddr::from([10, 0, 0, *last]);
    Heard::Addresses(last.iter().map(address).collect())
}

fn ipv6(last: &[u8]) -> Heard {
    let address = |last: &u8| IpAddr::from([0xfd00, 0, 0, 0, 0, 0, 0, u16::from(*last)]);
    Heard::Addresses(last.iter().map(address).collect())
}

fn silence() -> Heard {
    Heard::Silence("timed out".to_owned())
}

fn addresses(last: &[u8]) -> Answer {
    answer(ipv4(last), Heard::Nothing)
}

fn answer(ipv4: Heard, ipv6: Heard) -> Answer {
    Answer {
        ipv4,
        ipv6,
        is_of_tasks: false,
    }
}

fn nothing() -> Answer {
    answer(Heard::Nothing, Heard::Nothing)
}

fn shown(roster: &Roster) -> Vec<(u8, Verdict)> {
    let last = |address| match address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(address) => address.octets()[15],
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
        assert!(!roster.hear(answer(silence(), silence()), make));
    }
    assert_eq!(shown(&roster).len(), 1);
}

#[test]
fn addresses_of_one_kind_stand_while_only_those_of_the_other_are_told() {
    let check = |answers: &[(Heard, Heard)], expected: &[u8]| {
        let mut roster = Roster::default();
        for (ipv4, ipv6) in answers.iter().cloned() {
            roster.hear(answer(ipv4, ipv6), make);
        }
        let shown: Vec<u8> = shown(&roster).iter().map(|target| target.0).collect();
        assert_eq!(shown, expected, "{answers:?}");
    };
    let both = (ipv4(&[1]), ipv6(&[6]));
    check(&[both.clone(), (ipv4(&[2]), silence())], &[2, 6]);
    check(&[both.clone(), (silence(), ipv6(&[7]))], &[1, 7]);
    check(&[both.clone(), (ipv4(&[2]), Heard::Nothing)], &[2]);
    check(&[both, (silence(), Heard::Nothing)], &[1, 6]);
    check(&[(silence(), ipv6(&[6])), (ipv4(&[1]), silence())], &[1, 6]);
    // A server that can't say anything of one kind must not have the other let go.
    let half = (silence(), Heard::Nothing);
    let often = [
        (ipv4(&[1]), Heard::Nothing),
        half.clone(),
        half.clone(),
        half.clone(),
        half,
    ];
    check(&often, &[1]);
}

#[test]
fn a_name_is_empty_only_when_it_was_denied_three_times_in_a_row() {
    let mut roster = Roster::default();
    roster.hear(addresses(&[1]), make);
    roster.hear(nothing(), make);
    roster.hear(nothing(), make);
    roster.hear(addresses(&[1]), make);
    assert!(!roster.hear(nothing(), make));
    assert!(!roster.hear(nothing(), make));
    assert_eq!(shown(&roster).len(), 1);
    assert!(roster.hear(nothing(), make));
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
