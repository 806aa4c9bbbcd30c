//! The end: what is in flight is finished, what is new is refused.

use std::sync::Arc;

use testkit::Raw;

use crate::house::{House, eventually};

const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const WAIT: &str = "GET /wait HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Connections whose request is in the service's hands.
fn waiting(mut clients: Vec<Raw>) -> Vec<Raw> {
    for client in &mut clients {
        assert_eq!(client.exchange(GET).status, 200);
        client.send(WAIT);
    }
    clients
}

#[test]
fn requests_in_flight_are_answered_and_their_connections_closed() {
    let house = House::open();
    let mut clients = waiting(vec![house.plain(), house.tls()]);
    eventually("both requests' arrival", || house.service.arrived() == 2);
    house.trigger().drain();
    refuses(&house);
    house.service.permits.add_permits(2);
    for client in &mut clients {
        let response = client.response();
        assert_eq!(
            (response.text(), response.header("connection")),
            ("waited", Some("close"))
        );
        assert!(client.is_closed());
    }
    eventually("the end", || house.is_closed());
}

#[test]
fn connections_at_rest_are_closed_at_once() {
    let house = House::open();
    let mut clients = [house.plain(), house.tls()];
    for client in &mut clients {
        assert_eq!(client.exchange(GET).status, 200);
    }
    let mut http2 = house.http2();
    assert_eq!(http2.get("https://localhost/").status, 200);
    house.trigger().drain();
    assert!(clients.iter_mut().all(Raw::is_closed));
    eventually("the HTTP/2 connection's end", || http2.is_closed());
    eventually("the end", || house.is_closed());
}

#[test]
fn an_http_2_request_in_flight_is_answered_after_the_goaway() {
    let house = House::open();
    let mut client = house.http2();
    let (trigger, service) = (house.trigger().clone(), Arc::clone(&house.service));
    let helper = std::thread::spawn(move || {
        eventually("the request's arrival", || service.arrived() == 1);
        trigger.drain();
        service.permits.add_permits(1);
    });
    assert_eq!(client.get("https://localhost/wait").text(), "waited");
    helper.join().unwrap();
    eventually("the end", || house.is_closed());
}

#[test]
fn a_slow_download_is_finished() {
    let house = House::open();
    let size = 50_000_000;
    let mut client = house.plain();
    client.send(format!("GET /big/{size} HTTP/1.1\r\nhost: a\r\n\r\n"));
    let first = client.read_exact(100_000);
    house.trigger().drain();
    refuses(&house);
    let rest = client.rest();
    // The head and the chunks' sizes come on top.
    assert!(first.len() + rest.len() > size, "{}", rest.len());
    assert!(rest.ends_with(b"0\r\n\r\n"));
    eventually("the end", || house.is_closed());
}

#[test]
fn the_end_cuts_what_is_in_flight() {
    let house = House::open();
    let mut clients = waiting(vec![house.plain()]);
    eventually("the request's arrival", || house.service.arrived() == 1);
    let log = house.file("logs/access.log");
    let trigger = house.trigger();
    trigger.drain();
    trigger.end();
    assert!(clients[0].rest().is_empty());
    eventually("the end", || house.is_closed());
    let records = crate::house::lines(&std::fs::read_to_string(log).unwrap());
    assert_eq!(records.last().unwrap()["status"], 499);
}

/// New connections find nobody.
fn refuses(house: &House) {
    let address = house.address("http");
    eventually("the listener's end", || {
        std::net::TcpStream::connect(address).is_err()
    });
}

#[test]
fn who_leaves_still_serves_and_says_with_each_answer_that_it_is_the_last() {
    let house = House::open();
    let mut resting = [house.plain(), house.tls()];
    for client in &mut resting {
        assert_eq!(client.exchange(GET).header("connection"), None);
    }
    let mut http2 = house.http2();
    assert_eq!(http2.get("https://localhost/").status, 200);
    house.trigger().leave();
    eventually("the HTTP/2 connection's end", || http2.is_closed());
    let mut clients: Vec<_> = resting
        .into_iter()
        .chain([house.plain(), house.tls()])
        .collect();
    for client in &mut clients {
        let response = client.exchange(GET);
        assert_eq!(
            (response.status, response.header("connection")),
            (200, Some("close"))
        );
        assert!(client.is_closed());
    }
    house.trigger().drain();
    eventually("the end", || house.is_closed());
}

#[test]
fn after_a_handover_clients_that_are_there_ask_once_more_and_then_all_ends() {
    let house = House::with(|plan| plan.threads = 2);
    let mut resting = [house.plain(), house.tls(), house.plain()];
    for client in &mut resting {
        assert_eq!(client.exchange(GET).status, 200);
    }
    house.trigger().hand_over();
    refuses(&house);
    for client in &mut resting {
        assert!(!house.is_closed());
        let response = client.exchange(GET);
        assert_eq!(
            (response.status, response.header("connection")),
            (200, Some("close"))
        );
        assert!(client.is_closed());
    }
    eventually("the end", || house.is_closed());
}
