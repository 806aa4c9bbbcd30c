//! The same strictness over HTTP/2.

use http::Method;
use testkit::frames::{
    CONTINUATION, GOAWAY, HEADERS, PREFACE, RESET, SETTINGS, WINDOW_UPDATE, block, frame,
};
use testkit::raw::Raw;

use crate::house::House;

#[test]
fn a_host_that_contradicts_the_authority_is_refused_and_one_that_repeats_it_is_not() {
    let house = House::open();
    let mut client = house.http2();
    let mut ask = |uri: &str, headers: &[(&str, &str)]| {
        client.try_request(Method::GET, uri, headers, "").unwrap()
    };
    assert_eq!(
        ask("https://localhost/", &[("host", "localhost")]).status,
        200
    );
    assert_eq!(
        ask("https://localhost/", &[("host", "127.0.0.1")]).status,
        400
    );
    assert_eq!(ask("https://other.example/", &[]).status, 421);
    assert_eq!(
        ask("https://localhost/", &[]).status,
        200,
        "the connection lives on"
    );
    let causes: Vec<_> = house
        .records(4)
        .iter()
        .map(|record| record["cause"].as_str().unwrap_or("").to_owned())
        .collect();
    assert_eq!(
        causes,
        ["", "bad_request:host_contradicts", "misdirected:host", ""]
    );
}

#[test]
fn more_headers_than_a_hundred_are_refused() {
    let house = House::open();
    let names: Vec<_> = (0..101).map(|number| format!("x-{number}")).collect();
    let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
    let response = house
        .http2()
        .try_request(Method::GET, "https://localhost/", &headers, "")
        .unwrap();
    assert_eq!(response.status, 431);
}

#[test]
fn a_header_list_beyond_16_kib_is_refused_and_the_connection_lives_on() {
    let house = House::open();
    let mut client = house.http2();
    let long = "x".repeat(17 * 1024);
    let response = client.try_request(Method::GET, "https://localhost/", &[("x", &long)], "");
    assert!(response.map_or(true, |response| response.status == 431));
    assert_eq!(client.get("https://localhost/").status, 200);
}

/// A connection on which every frame is written by hand.
pub(crate) fn by_hand(house: &House) -> Raw {
    let config = house.trust().config(&["h2"]);
    let mut client = testkit::tls::connect(config, house.address("https"), "localhost");
    client.send(PREFACE).send(frame(SETTINGS, 0, 0, &[]));
    client
}

/// Asks for a path on a stream of its own.
pub(crate) fn get(client: &mut Raw, stream: u32, path: &str) {
    let headers = [
        (":method", "GET"),
        (":scheme", "https"),
        (":path", path),
        (":authority", "localhost"),
    ];
    client.send(frame(HEADERS, 0b101, stream, &block(&headers)));
}

/// Reads frames up to the first about a request or the connection: its kind and payload.
fn verdict(client: &mut Raw) -> (u8, Vec<u8>) {
    loop {
        let head = client.read_exact(9);
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let payload = client.read_exact(usize::try_from(length).unwrap());
        if [HEADERS, RESET, GOAWAY].contains(&head[3]) {
            return (head[3], payload);
        }
    }
}

#[test]
fn malformed_requests_are_reset_or_refused_and_never_served() {
    let plain = [(":method", "GET"), (":scheme", "https"), (":path", "/")];
    let with = |more: &[(&'static str, &'static str)]| [&plain[..], more].concat();
    let house = House::open();
    for headers in [
        with(&[(":authority", "localhost"), ("connection", "close")]),
        with(&[
            (":authority", "localhost"),
            ("transfer-encoding", "chunked"),
        ]),
        with(&[(":authority", "localhost"), ("upgrade", "h2c")]),
        with(&[(":authority", "localhost"), ("te", "gzip")]),
        with(&[(":authority", "localhost"), ("keep-alive", "1")]),
        with(&[(":authority", "localhost"), ("X-Upper", "1")]),
        with(&[("x", "1"), (":authority", "localhost")]),
        with(&[(":authority", "localhost"), (":path", "/b")]),
        with(&[(":authority", "localhost"), (":unknown", "b")]),
        with(&[(":authority", "localhost"), ("content-length", "5")]),
        vec![
            (":method", "GET"),
            (":path", "/"),
            (":authority", "localhost"),
        ],
        vec![
            (":method", "GET"),
            (":scheme", "https"),
            (":path", ""),
            (":authority", "localhost"),
        ],
    ] {
        let mut client = by_hand(&house);
        client.send(frame(HEADERS, 0b101, 1, &block(&headers)));
        let (kind, payload) = verdict(&mut client);
        let is_refusal = kind == HEADERS && !payload.starts_with(&[0x88]);
        assert!(
            is_refusal || kind == RESET || kind == GOAWAY,
            "{headers:?}: {kind} {payload:?}"
        );
    }
}

#[test]
fn requests_without_an_authority_and_tunnels_are_refused() {
    let house = House::open();
    for (count, headers, status) in [
        (
            1,
            vec![(":method", "GET"), (":scheme", "https"), (":path", "/")],
            400,
        ),
        (
            2,
            vec![(":method", "CONNECT"), (":authority", "localhost:80")],
            405,
        ),
        (
            3,
            vec![
                (":method", "TRACE"),
                (":scheme", "https"),
                (":path", "/"),
                (":authority", "localhost"),
            ],
            405,
        ),
        (
            4,
            vec![
                (":method", "OPTIONS"),
                (":scheme", "https"),
                (":path", "*"),
                (":authority", "localhost"),
            ],
            400,
        ),
        (
            5,
            vec![
                (":method", "GET"),
                (":scheme", "https"),
                (":path", "/a\\b"),
                (":authority", "localhost"),
            ],
            400,
        ),
    ] {
        let mut client = by_hand(&house);
        client.send(frame(HEADERS, 0b101, 1, &block(&headers)));
        assert_eq!(verdict(&mut client).0, HEADERS, "{headers:?}");
        assert_eq!(
            house.records(count)[count - 1]["status"],
            status,
            "{headers:?}"
        );
    }
}

#[test]
fn streams_that_are_opened_and_reset_at_once_end_the_connection() {
    let house = House::open();
    let mut client = by_hand(&house);
    let headers = block(&[
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/wait"),
        (":authority", "localhost"),
    ]);
    let cancel = 8_u32.to_be_bytes();
    for number in 0..5000 {
        let stream = 2 * number + 1;
        let pair = [
            frame(HEADERS, 0b101, stream, &headers),
            frame(RESET, 0, stream, &cancel),
        ]
        .concat();
        if client.try_send(&pair).is_err() {
            break;
        }
    }
    // The server says goodbye; after that it may cut the connection while frames still come.
    let rest = client.rest();
    assert!(rest.len() < 1_000_000);
    assert!(
        house.service.arrived() < 200,
        "{} requests reached the service",
        house.service.arrived()
    );
    assert_eq!(house.http2().get("https://localhost/").status, 200);
}

#[test]
fn headers_continued_without_end_end_the_connection() {
    let house = House::open();
    let mut client = by_hand(&house);
    let block = block(&[("x-filler", "1")]).repeat(1000);
    client.send(frame(HEADERS, 0, 1, &block));
    for _ in 0..1000 {
        if client.try_send(&frame(CONTINUATION, 0, 1, &block)).is_err() {
            break;
        }
    }
    client.rest();
    assert_eq!(house.http2().get("https://localhost/").status, 200);
}

#[test]
fn clients_are_told_how_much_one_connection_may_hold() {
    let house = House::open();
    let mut client = by_hand(&house);
    let head = client.read_exact(9);
    assert_eq!(head[3], SETTINGS);
    let settings = client.read_exact(usize::from(head[2]));
    let setting = |wanted: u16| {
        let mut pairs = settings.chunks(6).map(|pair| pair.split_at(2));
        let value = pairs
            .find(|(id, _)| *id == wanted.to_be_bytes())
            .map(|(_, value)| value);
        value.map(|value| u32::from_be_bytes(value.try_into().unwrap()))
    };
    let (streams, window, header_list) = (setting(3), setting(4), setting(6));
    assert_eq!((streams, header_list), (Some(100), Some(16 * 1024)));
    assert!(window.is_none_or(|window| window <= 65_536), "{window:?}");
}

#[test]
fn streams_that_the_server_is_made_to_reset_end_the_connection() {
    let house = House::open();
    let mut client = by_hand(&house);
    // An increment of zero is an error of the stream, which the server resets (CVE-2025-8671).
    let nothing = 0_u32.to_be_bytes();
    for number in 0..5000 {
        let stream = 2 * number + 1;
        get(&mut client, stream, "/wait");
        if client
            .try_send(&frame(WINDOW_UPDATE, 0, stream, &nothing))
            .is_err()
        {
            break;
        }
    }
    let rest = client.rest();
    assert!(rest.len() < 1_000_000);
    assert!(
        house.service.arrived() < 200,
        "{} requests reached the service",
        house.service.arrived()
    );
    assert_eq!(house.http2().get("https://localhost/").status, 200);
}
