//! Answers of targets that another reader might end elsewhere.

use std::io::Write;

use edge::config::Span;
use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use crate::house::{House, eventually};
use crate::proxy::{GET, app, before, everything_to};

/// A target that answers each request with these bytes, and lets its connection live.
fn saying(answer: &str) -> (House, Backend) {
    let answer = answer.to_owned();
    let backend = Backend::start(move |_, stream| {
        backend::write(stream, &answer);
        Then::Keep
    });
    (before(&[&backend]), backend)
}

/// Bytes of a target after the end of its answer.
const SMUGGLED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nsmuggled";

#[test]
fn a_length_that_is_said_twice_is_handed_on_once() {
    let (house, _backend) =
        saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok");
    let response = house.plain().exchange(GET);
    assert_eq!((response.status, response.text()), (200, "ok"));
    let lengths = response
        .headers
        .iter()
        .filter(|(name, _)| name == "content-length");
    assert_eq!(lengths.count(), 1);
}

#[test]
fn what_follows_an_answer_is_nobodys_answer() {
    let heads = [
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\ncontent-length: 56\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    for head in heads {
        let (house, backend) = saying(&format!("{head}{SMUGGLED}"));
        let (mut one, mut other) = (house.plain(), house.plain());
        for _ in 0..3 {
            for client in [&mut one, &mut other] {
                let response = client.exchange(GET);
                assert_ne!(response.body, b"smuggled", "{head}");
                assert!(head.contains(&response.status.to_string()), "{head}");
            }
        }
        assert_eq!(backend.connections(), backend.requests(), "{head}");
    }
}

#[test]
fn a_body_where_there_may_be_none_does_not_reach_the_client() {
    for status in ["204 No Content", "304 Not Modified"] {
        let (house, _backend) = saying(&format!(
            "HTTP/1.1 {status}\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        ));
        let mut client = house.plain();
        for _ in 0..2 {
            let response = client.exchange(GET);
            let is_refused = response.status == 502;
            assert!(
                is_refused || status.starts_with(&response.status.to_string()),
                "{status}: {}",
                response.status
            );
        }
    }
}

#[test]
fn an_answer_to_head_with_a_body_puts_nobody_out_of_step() {
    let (house, backend) = saying("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    let mut client = house.plain();
    for _ in 0..3 {
        client.send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n");
        let response = client.try_response("HEAD").unwrap();
        assert_eq!(response.header("content-length"), Some("5"));
        assert_eq!(client.exchange(GET).text(), "hello");
    }
    // Once its body had come unasked, no connection was used again.
    assert!(backend.connections() >= 3, "{}", backend.connections());
}

#[test]
fn a_storm_of_answers_before_the_answer_lasts_no_longer_than_an_answer_may_take() {
    let backend = Backend::start(|asked: &Asked, stream| {
        if asked.target() != "/storm" {
            backend::write(stream, backend::text("hello"));
            return Then::Keep;
        }
        let hints = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100);
        while stream.write_all(hints.as_bytes()).is_ok() {}
        Then::Close
    });
    let mut upstream = app(&[backend.url()]);
    upstream.head_timeout = Span::from_millis(500);
    let house = House::with(everything_to(upstream));
    let mut client = house.plain();
    client.send("GET /storm HTTP/1.1\r\nhost: a\r\n\r\n");
    eventually("the storm", || backend.requests() == 1);
    assert_eq!(house.plain().exchange(GET).text(), "hello");
    assert_eq!(client.response().status, 504);
    let records = house.records(2);
    assert!(
        records
            .iter()
            .any(|record| record["cause"] == "timeout:answer"),
        "{records:?}"
    );
}
