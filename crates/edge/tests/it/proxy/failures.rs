//! What visitors, the log and the metrics are told when a target fails.

use std::net::TcpListener;

use edge::config::Span;
use testkit::backend::{self, Then};
use testkit::{Asked, Authority, Backend};

use super::{GET, app, before, everything_to};
use crate::house::{House, eventually};

/// The answer's status, and the cause in the log and the metrics.
fn check(house: &House, status: u16, cause: &str) {
    let response = house
        .plain()
        .exchange("GET / HTTP/1.1\r\nhost: a\r\naccept: application/json\r\n\r\n");
    assert_eq!(response.status, status, "{cause}");
    let problem: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(problem["cause"], cause);
    let records = house.records(1);
    assert_eq!(records[0]["cause"], cause);
    assert_eq!(records[0]["site"], "*/");
    let metric = format!("edge_upstream_failures_total{{upstream=\"app\",cause=\"{cause}\"}}");
    assert!(house.metric(&metric) > 0);
}

#[test]
fn each_failure_has_its_cause() {
    let closed = Backend::saying("x");
    let url = closed.url();
    drop(closed);
    let house = House::with(everything_to(app(&[url])));
    check(&house, 502, "connect");
    let upstream = house.records(1)[0]["upstream"].clone();
    assert!(
        upstream.as_str().unwrap().starts_with("app/127.0.0.1:"),
        "{upstream}"
    );

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut upstream = app(&[format!("http://{}", silent.local_addr().unwrap())]);
    upstream.head_timeout = Span::from_millis(20);
    check(&House::with(everything_to(upstream)), 504, "timeout:answer");

    let mut upstream = app(&[format!("https://{}", silent.local_addr().unwrap())]);
    upstream.ca_file = Some(authority_file());
    upstream.connect_timeout = Span::from_millis(20);
    check(
        &House::with(everything_to(upstream)),
        504,
        "timeout:connect",
    );

    let plain = Backend::start(|_, _| Then::Close);
    check(&before(&[&plain]), 502, "closed");
    let garbage = Backend::start(|_, stream| {
        backend::write(stream, "SSH-2.0-OpenSSH\r\n\r\n");
        Then::Close
    });
    check(&before(&[&garbage]), 502, "bad_response");
}

fn authority_file() -> std::path::PathBuf {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, _) = Authority::default().issue(directory.path(), &["localhost"]);
    // The file is read once, when the edge starts.
    let _ = directory.keep();
    certificate
}

#[test]
fn an_answer_with_two_readings_or_an_endless_head_is_refused() {
    let answers = [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
            .to_owned(),
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!".to_owned(),
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(200_000)),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(200)),
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n".to_owned(),
    ];
    for answer in answers {
        let told = answer.clone();
        let backend = Backend::start(move |_, stream| {
            backend::write(stream, &told);
            Then::Close
        });
        let house = before(&[&backend]);
        let response = house.plain().exchange(GET);
        assert_eq!(response.status, 502, "{}", &answer[..60]);
        assert_eq!(
            house.records(1)[0]["cause"],
            "bad_response",
            "{}",
            &answer[..60]
        );
    }
}

#[test]
fn what_comes_before_the_answer_is_passed_over() {
    let backend = Backend::start(|_, stream| {
        backend::write(
            stream,
            "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n",
        );
        backend::write(stream, backend::text("hello"));
        Then::Keep
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    for _ in 0..3 {
        assert_eq!(client.exchange(GET).text(), "hello");
    }
}

#[test]
fn a_request_waits_for_a_target_that_comes_back() {
    let backend = Backend::saying("x");
    let (address, url) = (backend.address(), backend.url());
    drop(backend);
    let mut upstream = app(&[url]);
    upstream.wait = Span::from_secs(20);
    let house = House::with(everything_to(upstream));
    let mut client = house.plain();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nhi");
    let failures = "edge_upstream_failures_total{upstream=\"app\",cause=\"connect\"}";
    eventually("a first try", || house.find_metric(failures).is_some());
    let _backend = Backend::start_at(address, |asked: &Asked, stream| {
        backend::write(stream, backend::text(&String::from_utf8_lossy(&asked.body)));
        Then::Keep
    });
    assert_eq!(client.response().text(), "hi");
}

#[test]
fn no_more_requests_wait_than_may() {
    let backend = Backend::saying("x");
    let url = backend.url();
    drop(backend);
    let mut upstream = app(&[url]);
    upstream.wait = Span::from_secs(20);
    upstream.waiting = 1;
    let house = House::with(everything_to(upstream));
    let (mut one, mut other) = (house.plain(), house.plain());
    one.send(GET);
    let failures = "edge_upstream_failures_total{upstream=\"app\",cause=\"connect\"}";
    eventually("a first try", || house.find_metric(failures).is_some());
    let response = other.exchange(GET);
    assert_eq!(response.status, 503);
    assert_eq!(house.records(1)[0]["cause"], "upstream_busy");
}

#[test]
fn a_client_that_sends_a_broken_body_is_told_so_and_not_the_target() {
    let backend = Backend::saying("hello");
    let house = before(&[&backend]);
    let request = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n";
    let response = house.plain().exchange(request);
    assert_eq!(response.status, 400);
    assert_eq!(house.records(1)[0]["cause"], "bad_request:body");
    assert_eq!(backend.requests(), 0);
}
