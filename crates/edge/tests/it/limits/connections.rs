//! How many connections may be open.

use testkit::raw::Raw;

use crate::house::{House, eventually};

fn is_served(client: &mut Raw) -> bool {
    client
        .send("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .try_response("GET")
        .is_some()
}

#[test]
fn an_address_has_so_many_connections_and_gets_a_new_one_when_it_closes_one() {
    let house = House::with(|plan| plan.config.connections.per_address = 3);
    let mut clients = [house.plain(), house.plain(), house.tls()];
    assert!(clients.iter_mut().all(is_served));
    assert!(!is_served(&mut house.plain()));
    assert!(!is_served(&mut house.tls()));
    assert_eq!(
        house.metric("edge_connections_refused_total{cause=\"for_address\"}"),
        2
    );
    let [first, ..] = clients;
    drop(first);
    eventually("a place", || is_served(&mut house.plain()));
}

#[test]
fn there_are_so_many_connections_in_all() {
    let house = House::with(|plan| plan.config.connections.most = 2);
    let mut clients = [house.plain(), house.plain()];
    assert!(clients.iter_mut().all(is_served));
    assert!(!is_served(&mut house.plain()));
    assert_eq!(
        house.metric("edge_connections_refused_total{cause=\"in_all\"}"),
        1
    );
    assert!(clients.iter_mut().all(is_served));
}

#[test]
fn a_trusted_proxy_may_have_as_many_connections_as_there_are() {
    let house = House::with(|plan| {
        plan.config.connections.per_address = 1;
        plan.config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let mut clients = [house.plain(), house.plain(), house.plain()];
    assert!(clients.iter_mut().all(is_served));
}
