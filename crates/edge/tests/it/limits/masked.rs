//! Clients behind a gateway that hides their addresses.

use edge::config::Masked;
use testkit::raw::Raw;

use crate::house::{House, Plan};

/// More than a window of requests.
const MANY: usize = 520;

/// A house in which each address may send one request a minute and have one connection, before which this machine is
/// a proxy.
fn strict(change: impl FnOnce(&mut Plan)) -> House {
    House::with(|plan| {
        let config = &mut plan.config;
        (config.limit.rate, config.limit.burst) = ("1r/m".parse().unwrap(), 0);
        config.connections.per_address = 1;
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        change(plan);
    })
}

fn ask(client: &mut Raw, from: &str) -> u16 {
    let request = format!("GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {from}\r\n\r\n");
    client.exchange(request).status
}

fn fact(house: &House) -> String {
    let facts = house.facts.list();
    let found = facts
        .into_iter()
        .find(|(_, name, _)| name == "client addresses");
    found.unwrap().2
}

#[test]
fn everybody_behind_a_gateway_is_not_held_for_one() {
    let house = strict(|_| {});
    let mut client = house.plain();
    assert_eq!(
        (house.metric("edge_client_ip_masked"), fact(&house)),
        (0, "seen".to_owned())
    );
    let statuses: Vec<_> = (0..MANY).map(|_| ask(&mut client, "10.0.0.2")).collect();
    assert_eq!(statuses[..2], [200, 429]);
    assert_eq!(statuses[MANY - 2..], [200, 200]);
    assert_eq!(
        (house.metric("edge_client_ip_masked"), fact(&house)),
        (1, "hidden behind 10.0.0.2".to_owned())
    );
    let last = house.records(MANY).pop().unwrap();
    assert_eq!(last["limit"], "rejected_dry_run:address");
    // Whoever can be seen is limited as ever.
    assert_eq!(
        [ask(&mut client, "192.0.2.1"), ask(&mut client, "192.0.2.1")],
        [200, 429]
    );
    for number in 0..MANY {
        ask(&mut client, &format!("192.0.3.{}", number % 256));
    }
    assert_eq!(
        (house.metric("edge_client_ip_masked"), fact(&house)),
        (0, "seen".to_owned())
    );
    assert_eq!(
        [ask(&mut client, "10.0.0.2"), ask(&mut client, "10.0.0.2")][1],
        429
    );
}

#[test]
fn a_gateway_is_limited_as_any_other_where_the_operator_says_so() {
    let house = strict(|plan| plan.config.limit.masked = Masked::Enforce);
    let mut client = house.plain();
    let statuses: Vec<_> = (0..MANY).map(|_| ask(&mut client, "10.0.0.2")).collect();
    assert_eq!(house.metric("edge_client_ip_masked"), 1);
    assert!(statuses[1..].iter().all(|status| *status == 429));
}

#[test]
fn connections_from_behind_a_gateway_are_not_held_for_one_clients() {
    let house = strict(|plan| plan.config.proxy_protocol = true);
    let open = || {
        let mut client = house.plain();
        client.send("PROXY TCP4 10.0.0.2 198.51.100.1 4711 443\r\n");
        client
    };
    let is_served = |client: &mut Raw| {
        let request = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        client.send(request).try_response("GET").is_some()
    };
    let mut first = open();
    assert!(is_served(&mut first) && !is_served(&mut open()));
    assert!((0..MANY).all(|_| is_served(&mut first)));
    let mut others = [open(), open(), open()];
    assert!(others.iter_mut().all(is_served));
}
