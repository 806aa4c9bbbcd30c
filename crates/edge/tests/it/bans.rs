//! Banned clients: closed before the handshake, refused behind a proxy, seen off while they are connected.

mod places;

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use testkit::raw::{Raw, connect_from};
use testkit::tls::connect_on;
use traffic::Ban;

use crate::house::{House, Plan, eventually};
pub(crate) use places::Kept;

const REQUEST: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const CLOSED: &str = "edge_connections_banned_total";

/// Bans bite, and end, within a second; a machine that does much else may take longer.
const SOON: Duration = Duration::from_secs(2);

pub(crate) fn ban(network: &str) -> Ban {
    Ban {
        network: network.parse().unwrap(),
        reason: String::new(),
        by: "console".to_owned(),
        since: Timestamp::now(),
        until: None,
        is_forced: false,
    }
}

/// Of this machine, which only force bans.
pub(crate) fn forced(network: &str) -> Ban {
    Ban {
        is_forced: true,
        ..ban(network)
    }
}

/// A house behind a proxy on this machine, and its bans.
fn behind_a_proxy(change: impl FnOnce(&mut Plan)) -> (House, Kept) {
    let house = House::with(|plan| {
        plan.config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        change(plan);
    });
    let kept = Kept::followed_by(&house);
    (house, kept)
}

/// The status of a request that the proxy hands on for this client.
fn ask(client: &mut Raw, from: &str) -> u16 {
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {from}\r\n\r\n");
    client.exchange(request).status
}

/// How long it takes from now until this is so.
fn time_until(what: &str, is_so: impl FnMut() -> bool) -> Duration {
    let begun = Instant::now();
    eventually(what, is_so);
    begun.elapsed()
}

#[test]
fn a_banned_address_is_closed_before_the_handshake() {
    let house = House::open();
    let kept = Kept::followed_by(&house);
    kept.set([forced("127.0.0.2"), forced("2001:db8::/32")]);
    eventually("the bans", || house.metric("edge_bans") == 2);
    for scheme in ["http", "https"] {
        let mut client = Raw::on(connect_from([127, 0, 0, 2], house.address(scheme)));
        client.send([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
        assert!(client.is_closed() && client.rest().is_empty(), "{scheme}");
    }
    assert_eq!(house.metric(CLOSED), 2);
    assert_eq!(
        house.metric("edge_handshakes_failed_total{cause=\"refused\"}"),
        0
    );
    // Its neighbour is not.
    let socket = connect_from([127, 0, 0, 3], house.address("https"));
    let mut neighbour = connect_on(socket, house.trust().config(&["http/1.1"]), "localhost");
    assert_eq!(neighbour.exchange(REQUEST).status, 200);
    assert_eq!(house.records(1).len(), 1);
}

#[test]
fn behind_a_trusted_proxy_a_banned_client_is_refused_and_others_are_not() {
    let (house, kept) = behind_a_proxy(|_| {});
    let mut proxy = house.plain();
    assert_eq!(ask(&mut proxy, "203.0.113.7"), 200);
    kept.set([ban("203.0.113.0/24"), ban("2001:db8:1:2::/64")]);
    let bites = time_until("the ban", || ask(&mut proxy, "203.0.113.7") == 403);
    assert!(bites < SOON, "{bites:?}");
    for (client, status) in [
        ("203.0.113.255", 403),
        ("203.0.114.0", 200),
        ("2001:db8:1:2:ffff::9", 403),
        ("2001:db8:1:3::9", 200),
    ] {
        assert_eq!(ask(&mut proxy, client), status, "{client}");
    }
    kept.set([ban("2001:db8:1:2::/64")]);
    let ends = time_until("the end", || ask(&mut proxy, "203.0.113.7") == 200);
    assert!(ends < SOON, "{ends:?}");
}

#[test]
fn a_refusal_is_told_like_any_other() {
    let (house, kept) = behind_a_proxy(|_| {});
    kept.set([ban("203.0.113.7")]);
    eventually("the ban", || house.metric("edge_bans") == 1);
    let mut proxy = house.plain();
    let from = "host: a\r\nx-forwarded-for: 203.0.113.7\r\n";
    let answer = proxy.exchange(format!("GET /x HTTP/1.1\r\n{from}\r\n"));
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let problem: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
    assert_eq!(
        (&problem["cause"], &problem["code"]),
        (&"banned".into(), &"forbidden".into())
    );
    assert_eq!(
        problem["request_id"].as_str(),
        answer.header("x-request-id")
    );
    let page = proxy.exchange(format!(
        "GET /x HTTP/1.1\r\n{from}accept: text/html\r\n\r\n"
    ));
    assert_eq!(page.status, 403);
    assert!(page.text().contains(page.header("x-request-id").unwrap()));
    let record = &house.records(2)[0];
    assert_eq!(
        (&record["status"], &record["cause"]),
        (&403.into(), &"banned".into())
    );
    assert_eq!(record["client"], "203.0.113.7");
    assert_eq!(house.metric("edge_refused_total{cause=\"banned\"}"), 2);
}

#[test]
fn a_banned_client_that_a_proxy_introduces_is_closed() {
    let (house, kept) = behind_a_proxy(|plan| plan.config.proxy_protocol = true);
    kept.set([ban("203.0.113.7")]);
    eventually("the ban", || house.metric("edge_bans") == 1);
    let introduced = |from: &str, scheme: &str| {
        let mut socket = TcpStream::connect(house.address(scheme)).unwrap();
        let line = format!("PROXY TCP4 {from} 198.51.100.1 4711 443\r\n");
        socket.write_all(line.as_bytes()).unwrap();
        socket
    };
    let mut refused = Raw::on(introduced("203.0.113.7", "https"));
    assert!(refused.is_closed());
    assert_eq!(house.metric(CLOSED), 1);
    let mut welcome = Raw::on(introduced("203.0.113.8", "http"));
    assert_eq!(welcome.exchange(REQUEST).status, 200);
    // And so is one that is here already.
    kept.set([ban("203.0.113.8")]);
    assert!(welcome.is_closed());
    assert_eq!(house.metric(CLOSED), 2);
}

#[test]
fn connections_of_a_client_end_soon_after_its_ban() {
    let house = House::with(|plan| plan.threads = 2);
    let kept = Kept::followed_by(&house);
    let (mut plain, mut secure, mut http2) = (house.plain(), house.tls(), house.http2());
    assert_eq!(plain.exchange(REQUEST).status, 200);
    assert_eq!(secure.exchange(REQUEST).status, 200);
    assert_eq!(http2.get("https://localhost/").status, 200);
    let mut fresh = house.plain();
    let begun = Instant::now();
    kept.set([forced("127.0.0.0/8")]);
    assert!(plain.is_closed() && secure.is_closed() && fresh.is_closed());
    eventually("the end of HTTP/2", || http2.is_closed());
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(house.metric(CLOSED), 4);
    eventually("no connection", || {
        house.metric("edge_connections_open") == 0
    });
}

#[test]
fn a_ban_ends_at_its_time_whatever_becomes_of_the_store() {
    let (house, kept) = behind_a_proxy(|_| {});
    let mut proxy = house.plain();
    let until = Timestamp::now() + SignedDuration::from_secs(2);
    kept.set([
        Ban {
            until: Some(until),
            ..ban("203.0.113.7")
        },
        ban("203.0.113.8"),
    ]);
    eventually("the bans", || ask(&mut proxy, "203.0.113.7") == 403);
    kept.go_away();
    eventually("it is told", || house.metric("edge_bans_followed") == 0);
    eventually("the end", || ask(&mut proxy, "203.0.113.7") == 200);
    assert!(Timestamp::now() >= until);
    // Without news the others stay.
    assert_eq!(ask(&mut proxy, "203.0.113.8"), 403);
    let facts = house.facts.list();
    let news = facts
        .iter()
        .find(|(part, name, _)| (*part, name.as_str()) == ("bans", "news"));
    assert!(
        news.unwrap()
            .2
            .contains("the last known bans stay in force"),
        "{news:?}"
    );
    kept.come_back([]);
    let back = time_until("the news", || ask(&mut proxy, "203.0.113.8") == 200);
    assert!(back < SOON, "{back:?}");
    assert_eq!(house.metric("edge_bans_followed"), 1);
}

#[test]
fn bans_spare_this_machine_proxies_and_whoever_hides_all_others_unless_forced() {
    let (house, kept) = behind_a_proxy(|_| {});
    let mut proxy = house.plain();
    for _ in 0..520 {
        assert_eq!(ask(&mut proxy, "10.0.0.2"), 200);
    }
    assert_eq!(house.metric("edge_client_ip_masked"), 1);
    kept.set([ban("127.0.0.0/8"), ban("10.0.0.0/24"), ban("203.0.113.7")]);
    eventually("the bans", || ask(&mut proxy, "203.0.113.7") == 403);
    assert_eq!(ask(&mut proxy, "10.0.0.2"), 200);
    assert_eq!(ask(&mut proxy, "10.0.0.3"), 403);
    let mut other = Raw::on(connect_from([127, 0, 0, 2], house.address("http")));
    assert_eq!(other.exchange(REQUEST).status, 200);
    kept.set([forced("10.0.0.0/24")]);
    eventually("the force", || ask(&mut proxy, "10.0.0.2") == 403);
    kept.set([forced("127.0.0.1")]);
    assert!(proxy.is_closed());
}

#[test]
fn many_bans_are_held_and_looked_up() {
    let (house, kept) = behind_a_proxy(|_| {});
    let address = |number: u32| std::net::Ipv4Addr::from(0x0a00_0000 + number * 2);
    kept.set((0..100_000).map(|number| ban(&address(number).to_string())));
    eventually("the bans", || house.metric("edge_bans") == 100_000);
    let mut proxy = house.plain();
    assert_eq!(ask(&mut proxy, &address(99_999).to_string()), 403);
    assert_eq!(ask(&mut proxy, "10.0.0.1"), 200);
}
