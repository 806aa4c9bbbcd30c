//! Clients that are slow, or silent.

use std::time::{Duration, Instant};

use edge::config::{Span, TimeoutConfig};
use testkit::raw::Raw;

use crate::house::{House, eventually};

/// An edge with one short deadline and long others.
fn with(change: impl FnOnce(&mut TimeoutConfig, Span)) -> House {
    House::with(|plan| change(&mut plan.config.timeout, Span::from_millis(300)))
}

/// The server closes by itself, not at once and not much too late.
fn closes_in_time(client: &mut Raw, began: Instant) -> Vec<u8> {
    let rest = client.rest();
    let took = began.elapsed();
    assert!(
        took > Duration::from_millis(250) && took < Duration::from_secs(5),
        "{took:?}"
    );
    rest
}

#[test]
fn a_client_that_says_nothing_is_sent_away() {
    let house = with(|timeout, short| timeout.head = short);
    for mut client in [house.plain(), house.tls()] {
        let began = Instant::now();
        client.send("");
        assert_eq!(closes_in_time(&mut client, began), b"");
    }
    assert_eq!(
        house.metric("edge_connections_overdue_total{cause=\"head\"}"),
        2
    );
}

#[test]
fn a_head_that_drips_in_is_answered_408() {
    let house = with(|timeout, short| timeout.head = short);
    let mut client = house.plain();
    let first = client.exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(first.status, 200);
    let began = Instant::now();
    for byte in "GET / HTTP/1.1\r\nhost: a\r\nx-and-so-on: ".bytes().cycle() {
        if client.try_send(&[byte]).is_err() || began.elapsed() > Duration::from_secs(10) {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let answer = closes_in_time(&mut client, began);
    assert!(
        answer.starts_with(b"HTTP/1.1 408 ") || answer.is_empty(),
        "{answer:?}"
    );
    let record = &house.records(2)[1];
    assert_eq!(
        (record["status"].as_u64(), record["cause"].as_str()),
        (Some(408), Some("timeout:head"))
    );
}

#[test]
fn half_a_head_is_answered_408() {
    let house = with(|timeout, short| timeout.head = short);
    let mut client = house.plain();
    let began = Instant::now();
    client.send("GET / HTTP/1.1\r\nhost: a\r\n");
    let answer = closes_in_time(&mut client, began);
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    let id = house.records(1)[0]["id"].as_str().unwrap().to_owned();
    assert!(
        answer.contains(&format!("x-request-id: {id}\r\n")),
        "{answer}"
    );
    assert!(answer.contains("\"cause\":\"timeout:head\""), "{answer}");
}

#[test]
fn a_connection_rests_between_requests_only_so_long() {
    let house = with(|timeout, short| timeout.idle = short);
    for mut client in [house.plain(), house.tls()] {
        let began = Instant::now();
        assert_eq!(
            client
                .exchange("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
                .status,
            200
        );
        assert_eq!(closes_in_time(&mut client, began), b"");
    }
    let mut http2 = house.http2();
    assert_eq!(http2.get("https://localhost/").status, 200);
    eventually("the HTTP/2 connection's end", || http2.is_closed());
}

#[test]
fn a_request_that_takes_long_is_not_idle() {
    let house =
        with(|timeout, short| (timeout.idle, timeout.head, timeout.write) = (short, short, short));
    let mut client = house.plain();
    client.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n");
    std::thread::park_timeout(Duration::from_secs(1));
    house.service.permits.add_permits(1);
    assert_eq!(client.response().text(), "waited");
}

#[test]
fn a_body_that_stops_is_answered_408() {
    let house = with(|timeout, short| timeout.body_idle = short);
    let mut client = house.plain();
    let began = Instant::now();
    client.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhello");
    let response = client.response();
    assert_eq!(response.status, 408);
    assert_eq!(closes_in_time(&mut client, began), b"");
    assert_eq!(house.records(1)[0]["cause"], "timeout:body");
}

#[test]
fn a_body_that_drips_in_has_so_much_time_as_a_whole() {
    let house = with(|timeout, short| timeout.body = short);
    let mut client = house.plain();
    client.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10000\r\n\r\n");
    let began = Instant::now();
    while client.try_send(b"x").is_ok() && began.elapsed() < Duration::from_secs(1) {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    assert_eq!(house.records(1)[0]["cause"], "timeout:body");
}

#[test]
fn an_answer_that_nobody_reads_is_given_up() {
    let house = with(|timeout, short| timeout.write = short);
    let request = "GET /big/100000000 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let (mut plain, mut tls) = (house.plain(), house.tls());
    for client in [&mut plain, &mut tls] {
        client.send(request);
        assert_eq!(client.read_exact(12), b"HTTP/1.1 200");
    }
    eventually("both connections' end", || {
        house.metric("edge_connections_open") == 0
    });
    assert_eq!(
        house.metric("edge_connections_overdue_total{cause=\"write\"}"),
        2
    );
    let records = house.records(2);
    assert!(
        records
            .iter()
            .all(|record| record["cause"] == "client_left"),
        "{records:?}"
    );
    assert!(
        records
            .iter()
            .all(|record| record["bytes_out"].as_u64().unwrap() < 20_000_000),
        "{records:?}"
    );
}

#[test]
fn an_http_2_answer_that_nobody_makes_room_for_is_given_up() {
    let house = with(|timeout, short| timeout.write = short);
    let mut client = crate::gate::http2::by_hand(&house);
    // Windows of 65,535 bytes are full long before the answer's end.
    crate::gate::http2::get(&mut client, 1, "/big/1000000");
    eventually("the connection's end", || {
        house.metric("edge_connections_open") == 0
    });
    assert_eq!(
        house.metric("edge_connections_overdue_total{cause=\"write\"}"),
        1
    );
    assert!(house.records(1)[0]["bytes_out"].as_u64().unwrap() < 200_000);
}

#[test]
fn a_handshake_that_is_not_finished_is_given_up() {
    let house = with(|timeout, short| timeout.handshake = short);
    let mut client = Raw::connect(house.address("https"));
    let began = Instant::now();
    client.send(b"\x16\x03\x01\x02\x00");
    closes_in_time(&mut client, began);
    let timeouts = "edge_handshakes_failed_total{cause=\"timeout\"}";
    eventually("the count", || house.metric(timeouts) == 1);
}

#[test]
fn a_client_that_leaves_before_its_answer_is_noted_as_499() {
    let house = House::open();
    // Some leave before the request has been looked at, some while it waits.
    for wait in [0, 0, 20] {
        let mut client = house.plain();
        client.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n");
        std::thread::park_timeout(Duration::from_millis(wait));
    }
    let records = house.records(3);
    assert!(
        records.iter().all(|record| record["status"] == 499),
        "{records:?}"
    );
}
