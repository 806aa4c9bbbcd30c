//! What is unusual but has one reading: taken, and handed on in its plain form.

use serde_json::{Value, json};

use super::show;
use crate::house::House;

/// What the service saw of the request.
fn seen(house: &House, bytes: &[u8]) -> Value {
    let response = house.plain().exchange(bytes);
    assert_eq!(response.status, 200, "{}", show(bytes));
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn a_target_with_an_authority_becomes_a_path_and_overrules_the_host() {
    let house = House::open();
    let seen = seen(
        &house,
        b"GET http://b.example:81/echo?x HTTP/1.1\r\nhost: a.example\r\n\r\n",
    );
    assert_eq!(seen["target"], "/echo?x");
    assert_eq!(seen["headers"], json!([["host", "b.example:81"]]));
}

#[test]
fn a_path_with_dots_that_changes_nothing_for_the_edge_is_handed_on_as_it_is() {
    let house = House::open();
    let mut client = house.plain();
    for target in ["//a", "/a/../b", "/a/%2e%2e/b", "/a//b", "/100%25"] {
        let response = client.exchange(format!("GET {target} HTTP/1.1\r\nhost: a\r\n\r\n"));
        assert_eq!(
            (response.status, response.text()),
            (200, "hello"),
            "{target}"
        );
    }
}

#[test]
fn a_length_with_zeros_before_it_is_written_anew() {
    let house = House::open();
    let seen = seen(
        &house,
        b"POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 0005\r\n\r\nhello",
    );
    assert_eq!(seen["body"], "hello");
    assert_eq!(
        seen["headers"],
        json!([["host", "a"], ["content-length", "5"]])
    );
}

#[test]
fn of_a_length_and_chunks_the_chunks_count_and_the_connection_ends() {
    let house = House::open();
    for lines in [
        "content-length: 3\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 3",
    ] {
        let mut client = house.plain();
        let smuggled = "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
        client.send(format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n2\r\nhi\r\n0\r\n\r\n{smuggled}"
        ));
        let seen: Value = serde_json::from_slice(&client.response().body).unwrap();
        assert_eq!(
            (seen["body"].as_str(), &seen["headers"]),
            (Some("hi"), &json!([["host", "a"]])),
            "{lines}"
        );
        assert!(client.is_closed(), "{lines}");
    }
}

#[test]
fn connection_can_nominate_no_header_that_others_depend_on() {
    let house = House::open();
    let seen = seen(
        &house,
        b"GET /echo HTTP/1.1\r\nhost: a\r\nconnection: close, host, authorization, cookie, x-private\r\n\
          authorization: Bearer x\r\ncookie: a=b\r\nx-private: 1\r\n\r\n",
    );
    let kept = [
        ["host", "a"],
        ["authorization", "Bearer x"],
        ["cookie", "a=b"],
    ];
    let headers = seen["headers"].as_array().unwrap();
    assert!(
        kept.iter().all(|pair| headers.contains(&json!(pair))),
        "{seen}"
    );
    assert_eq!(headers.len(), kept.len(), "{seen}");
}

#[test]
fn headers_that_would_be_mistaken_behind_a_gateway_are_dropped_and_counted() {
    let house = House::open();
    let seen = seen(
        &house,
        b"GET /echo HTTP/1.1\r\nhost: a\r\nx_forwarded_for: 192.0.2.1\r\nproxy: http://evil\r\naccept_x: 1\r\n\r\n",
    );
    assert_eq!(seen["headers"], json!([["host", "a"]]));
    assert_eq!(house.metric("edge_headers_dropped_total"), 3);
}

#[test]
fn values_beyond_ascii_pass() {
    let house = House::open();
    let seen = seen(
        &house,
        b"GET /echo HTTP/1.1\r\nhost: a\r\nx: \xc3\xa4\r\n\r\n",
    );
    assert_eq!(seen["headers"], json!([["host", "a"], ["x", "\u{e4}"]]));
}

#[test]
fn bare_line_feeds_end_lines() {
    let house = House::open();
    let seen = seen(&house, b"GET /echo HTTP/1.1\nhost: a\nx: 1\n\n");
    assert_eq!(seen["headers"], json!([["host", "a"], ["x", "1"]]));
}

#[test]
fn chunk_extensions_and_trailers_are_left_at_the_door() {
    let house = House::open();
    let head = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    for body in [
        "3;a=b\r\nabc\r\n0\r\n\r\n",
        "3;\r\nabc\r\n0\r\n\r\n",
        "3;\0\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\r\n0\r\ncontent-length: 9\r\nhost: b\r\nauthorization: c\r\nx: d\r\n\r\n",
    ] {
        let seen = seen(&house, format!("{head}{body}").as_bytes());
        assert_eq!(
            (seen["body"].as_str(), &seen["headers"]),
            (Some("abc"), &json!([["host", "a"]])),
            "{body}"
        );
    }
}

#[test]
fn an_upgrade_that_nobody_answers_is_an_ordinary_request() {
    let house = House::open();
    let mut client = house.plain();
    let request = "GET /echo HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n\r\n";
    for _ in 0..2 {
        let response = client.exchange(request);
        assert_eq!(response.status, 200);
        let seen: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(seen["headers"], json!([["host", "a"]]));
    }
}

#[test]
fn http_1_0_is_handed_on_as_http_1_1() {
    let house = House::open();
    let seen = seen(&house, b"GET /echo HTTP/1.0\r\n\r\n");
    assert_eq!(seen["version"], "HTTP/1.1");
    assert_eq!(house.records(1)[0]["protocol"], "HTTP/1.0");
}
