//! Several edges on one `tls/`: one of them orders, all prove and serve.

use std::os::unix::fs::symlink;
use std::thread;

use edge::config::Span;

use super::*;

/// A data directory of its own for each edge, with the same `tls/` in all of them.
struct Shared(TempDir);

impl Shared {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn data(&self) -> TempDir {
        let data = tempfile::tempdir().unwrap();
        symlink(self.0.path(), data.path().join("tls")).unwrap();
        data
    }
}

fn open(pebble: &Pebble, shared: &Shared) -> House {
    let house = House::within(shared.data(), |it| {
        plan(pebble, it, &DOMAINS);
        it.config.acme.lease = Span::from_secs(2);
    });
    house.unwrap()
}

#[test]
fn edges_that_share_their_certificates_order_one_and_all_serve_it() {
    let (pebble, shared) = (Pebble::start(), Shared::new());
    let houses: Vec<House> = thread::scope(|scope| {
        let start = || scope.spawn(|| open(&pebble, &shared));
        let starting = [start(), start(), start()];
        starting.map(|house| house.join().unwrap()).into()
    });
    let mut local = houses[2]
        .trust()
        .connect(houses[0].address("https"), DOMAINS[0]);
    assert_eq!(
        local.exchange(GET).status,
        200,
        "the local authority is one"
    );
    lead_to(&pebble, &houses[0]);
    let trust = pebble.trust();
    let leaves = houses
        .iter()
        .map(|house| wait_for_certificate(house, &trust));
    let leaves: Vec<_> = leaves.collect();
    assert!(leaves.iter().all(|leaf| *leaf == leaves[0]));
    assert_eq!(pebble.orders(), 1);
    let fetched = houses
        .iter()
        .map(|house| house.metric("edge_certificate_fetched_total"));
    assert_eq!(fetched.sum::<u64>(), 1);
    for house in &houses {
        assert_eq!(house.plain().exchange(GET).status, 308);
    }
}

#[test]
fn a_proof_is_shown_by_an_edge_that_started_after_another_had_put_it_there() {
    let (pebble, shared) = (Pebble::start(), Shared::new());
    pebble.http.gate(|| false);
    let one = open(&pebble, &shared);
    eventually("the authority to ask for a proof", || {
        pebble.http.held() > 0
    });
    let other = open(&pebble, &shared);
    lead_to(&pebble, &other);
    pebble.http.release();
    let trust = pebble.trust();
    let fetched = wait_for_certificate(&one, &trust);
    assert_eq!(wait_for_certificate(&other, &trust), fetched);
    assert_eq!(pebble.orders(), 1);
    assert_eq!(other.metric("edge_certificate_fetched_total"), 0);
}

#[test]
fn an_edge_that_is_asked_for_a_certificate_waits_for_the_one_that_orders() {
    let (pebble, shared) = (Pebble::start(), Shared::new());
    pebble.http.gate(|| false);
    let one = open(&pebble, &shared);
    eventually("the authority to ask for a proof", || {
        pebble.http.held() > 0
    });
    let other = open(&pebble, &shared);
    other.renewal.as_ref().unwrap().ask();
    lead_to(&pebble, &one);
    pebble.http.release();
    let trust = pebble.trust();
    let first = wait_for_certificate(&one, &trust);
    eventually("the one that was asked for", || {
        let second = leaf(&one, &trust, DOMAINS[0]);
        second.is_some_and(|second| second != first)
    });
    assert_eq!(pebble.orders(), 2);
    assert_eq!(other.metric("edge_certificate_fetched_total"), 1);
}

#[test]
fn edges_that_share_their_certificates_agree_on_a_name_that_can_not_be_proved() {
    let (pebble, shared) = (Pebble::start(), Shared::new());
    pebble.lose(DOMAINS[1]);
    let houses = [open(&pebble, &shared), open(&pebble, &shared)];
    lead_to(&pebble, &houses[0]);
    let trust = pebble.trust();
    let is_missing = |house: &House| house.metric("edge_certificate_names_missing") == 1;
    eventually("a certificate for the other name", || {
        let leaves = houses.each_ref().map(|it| leaf(it, &trust, DOMAINS[0]));
        leaves[0].is_some() && leaves[0] == leaves[1] && houses.iter().all(is_missing)
    });
    for house in &houses {
        let get = format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", DOMAINS[1]);
        assert_eq!(house.plain().exchange(get).status, 503);
        assert_eq!(state(house)["troubles"][DOMAINS[1]]["failures"], 1);
    }
    assert_eq!(pebble.orders(), 2);
}
