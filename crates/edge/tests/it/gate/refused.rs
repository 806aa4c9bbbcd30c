//! What is refused over HTTP/1, by whom, and how it is told.

use serde_json::Value;
use testkit::Response;

use super::{answer_and_close, show};
use crate::house::House;

/// Each is answered with its status, the connection is closed, and the log names the cause.
fn check(cases: &[(&[u8], u16, &str)]) {
    let house = House::open();
    for (count, (bytes, status, cause)) in (1..).zip(cases) {
        let response = answer_and_close(&house, bytes);
        assert_eq!(
            response.as_ref().map(|response| response.status),
            Some(*status),
            "{}",
            show(bytes)
        );
        let record = &house.records(count)[count - 1];
        check_whole(
            &response.expect("an answer"),
            record["id"].as_str().unwrap(),
        );
        assert_eq!(
            (record["status"].as_u64(), record["cause"].as_str()),
            (Some(u64::from(*status)), Some(*cause)),
            "{}",
            show(bytes)
        );
    }
}

/// An answer says what is wrong, under the name that the log knows, and has the headers that every answer has.
fn check_whole(response: &Response, id: &str) {
    let problem: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(problem["status"], response.status);
    assert_eq!(problem["request_id"], id);
    for (name, value) in [
        ("content-type", "application/problem+json"),
        ("x-request-id", id),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"),
        ("cache-control", "no-store"),
        ("connection", "close"),
        ("content-length", &response.body.len().to_string()),
    ] {
        assert_eq!(response.header(name), Some(value), "{name}");
    }
    assert!(response.header("date").is_some());
}

const HEAD: &str = "bad_request:head";

#[test]
fn heads_that_no_parser_may_accept() {
    check(&[
        (b"GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n", 400, HEAD),
        (b"GET / HTTP/1.1\r\nhost: a\r\nx: a\x01b\r\n\r\n", 400, HEAD),
        (b"GET / HTTP/1.1\r\nhost: a\r\nx: a\rb\r\n\r\n", 400, HEAD),
        (b"GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n", 400, HEAD),
        (b"GET / HTTP/1.1\r\nhost : a\r\n\r\n", 400, HEAD),
        (
            b"GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n",
            400,
            HEAD,
        ),
        (b"GET / HTTP/1.1\r\n host: a\r\n\r\n", 400, HEAD),
        (b"GET / HTTP/1.1\r\nhost: a\r\n: a\r\n\r\n", 400, HEAD),
        (b"GET / HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n", 400, HEAD),
        (b"GET  / HTTP/1.1\r\nhost: a\r\n\r\n", 400, HEAD),
        (b"GET /  HTTP/1.1\r\nhost: a\r\n\r\n", 400, HEAD),
        (b"GET\t/ HTTP/1.1\r\nhost: a\r\n\r\n", 400, HEAD),
        (b"GET / HTTP/1.2\r\nhost: a\r\n\r\n", 400, HEAD),
        (b"GET / HTTP/3.0\r\nhost: a\r\n\r\n", 400, HEAD),
        (b"GET / http/1.1\r\nhost: a\r\n\r\n", 400, HEAD),
        (b"G@T / HTTP/1.1\r\nhost: a\r\n\r\n", 400, HEAD),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, HEAD),
    ]);
}

#[test]
fn lengths_and_codings_that_no_parser_may_accept() {
    let post =
        |lines: &str| format!("POST /echo HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n").into_bytes();
    let heads = [
        b"POST /echo HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(),
        post("content-length: +5"),
        post("content-length: -1"),
        post("content-length: 0x5"),
        post("content-length: "),
        post("content-length: 5, 5"),
        post("content-length: 99999999999999999999999"),
        post("content-length: 5\r\ncontent-length: 6"),
        post("transfer-encoding: identity"),
        post("transfer-encoding: xchunked"),
        post("transfer-encoding: chunked;a=b"),
        post("transfer-encoding: \x0bchunked"),
        post("transfer-encoding: "),
        post("transfer-encoding: chunked, gzip"),
    ];
    check(
        &heads
            .iter()
            .map(|head| (head.as_slice(), 400, HEAD))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn hosts_that_two_servers_might_read_differently() {
    let missing = "bad_request:host_missing";
    let twice = "bad_request:host_twice";
    let malformed = "bad_request:host";
    let head = |lines: &[u8]| [b"GET / HTTP/1.1\r\n", lines, b"\r\n"].concat();
    let hosts: [&[u8]; 12] = [
        b"",
        b":80",
        b"me@a",
        b"a/b",
        b"a, b",
        b"a b",
        b"a:b",
        b"a:80:80",
        b"[::1",
        b"[g]",
        b"\xc3\xa4",
        b"a%00",
    ];
    let mut cases = vec![
        (head(b""), missing),
        (head(b"host: a\r\nhost: a\r\n"), twice),
        (head(b"host: a\r\nhost: b\r\n"), twice),
        (
            b"GET / HTTP/1.0\r\nhost: a\r\nhost: b\r\n\r\n".to_vec(),
            twice,
        ),
        (
            b"GET http://me@b/ HTTP/1.1\r\nhost: a\r\n\r\n".to_vec(),
            malformed,
        ),
    ];
    cases.extend(hosts.map(|host| (head(&[b"host: ", host, b"\r\n"].concat()), malformed)));
    let cases: Vec<_> = cases
        .iter()
        .map(|(bytes, cause)| (bytes.as_slice(), 400, *cause))
        .collect();
    check(&cases);
}

#[test]
fn targets_that_are_no_path_or_hide_one() {
    check(&[
        (
            b"GET * HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "bad_request:target_form",
        ),
        (
            b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "bad_request:target_form",
        ),
        (
            b"GET a:80 HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "bad_request:target_form",
        ),
        (
            b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n",
            405,
            "bad_request:method",
        ),
        (
            b"TRACE / HTTP/1.1\r\nhost: a\r\n\r\n",
            405,
            "bad_request:method",
        ),
        (
            b"GET /\xc3\xa4 HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "bad_request:target_character",
        ),
        (b"GET /?\xff HTTP/1.1\r\nhost: a\r\n\r\n", 400, HEAD),
        (
            b"GET /a\\b HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "bad_request:target_character",
        ),
        (
            b"GET //health HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "bad_request:target_ambiguous",
        ),
        (
            b"GET /a/../health HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "bad_request:target_ambiguous",
        ),
        (
            b"GET /a/%2e%2e/health HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "bad_request:target_ambiguous",
        ),
        (
            b"GET /.well-known/acme-challenge/../../admin HTTP/1.1\r\nhost: a\r\n\r\n",
            400,
            "bad_request:target_ambiguous",
        ),
    ]);
}

#[test]
fn bodies_whose_end_is_in_doubt() {
    let chunk = "0\r\n\r\n";
    let post = |lines: &str| {
        format!("POST /echo HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n{chunk}").into_bytes()
    };
    let cases = [
        (
            post("transfer-encoding: gzip, chunked"),
            501,
            "bad_request:transfer_coding_unknown",
        ),
        (
            post("transfer-encoding: chunked\r\ntransfer-encoding: chunked"),
            400,
            "bad_request:transfer_coding",
        ),
        (
            post("transfer-encoding: gzip\r\ntransfer-encoding: chunked"),
            400,
            "bad_request:transfer_coding",
        ),
        (
            post("transfer-encoding: chunked, chunked"),
            400,
            "bad_request:transfer_coding",
        ),
        (
            post("transfer-encoding: ,chunked"),
            400,
            "bad_request:transfer_coding",
        ),
        (
            post("transfer-encoding: chunked\r\nupgrade: websocket\r\nconnection: upgrade"),
            400,
            "bad_request:upgrade_with_body",
        ),
        (
            post("content-length: 5\r\nupgrade: websocket\r\nconnection: upgrade"),
            400,
            "bad_request:upgrade_with_body",
        ),
        (
            post("content-length: 5\r\nexpect: 200-ok"),
            417,
            "bad_request:expect",
        ),
    ];
    check(
        &cases
            .iter()
            .map(|(bytes, status, cause)| (bytes.as_slice(), *status, *cause))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn chunks_that_are_misframed_are_the_clients_fault() {
    let bodies: [&[u8]; 13] = [
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"5_\r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b"fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhello\r\n0\n\n",
        b"5;a\rb\r\nhello\r\n0\r\n\r\n",
        b"5;a\nb\r\nhello\r\n0\r\n\r\n",
        b"3\r\nhello\r\n0\r\n\r\n",
        b"\r\nhello\r\n0\r\n\r\n",
        b"x\r\nhello\r\n0\r\n\r\n",
    ];
    let head = b"POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    let requests: Vec<_> = bodies
        .iter()
        .map(|body| [&head[..], body].concat())
        .collect();
    check(
        &requests
            .iter()
            .map(|request| (request.as_slice(), 400, "bad_request:body"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn heads_that_are_too_long_or_too_many() {
    let long = |count: usize| "x".repeat(count);
    let target = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", long(16 * 1024)).into_bytes();
    let longer = format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", long(70_000)).into_bytes();
    let value = format!(
        "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        long(33 * 1024)
    )
    .into_bytes();
    let huge = format!(
        "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        long(300 * 1024)
    )
    .into_bytes();
    let headers = |count: usize| {
        format!(
            "GET / HTTP/1.1\r\nhost: a\r\n{}\r\n",
            "x: 1\r\n".repeat(count)
        )
        .into_bytes()
    };
    check(&[
        (&target, 414, "too_long:target"),
        (&longer, 414, "too_long:target"),
        (&value, 431, "too_long:head"),
        (&huge, 431, "too_long:head"),
        (&headers(100), 431, "too_long:head"),
        (&headers(100_000), 431, "too_long:head"),
    ]);
    let house = House::open();
    assert_eq!(house.plain().exchange(headers(99)).status, 200);
    assert_eq!(
        house
            .plain()
            .exchange(format!(
                "GET /{} HTTP/1.1\r\nhost: a\r\n\r\n",
                long(16 * 1024 - 1)
            ))
            .status,
        200
    );
}
