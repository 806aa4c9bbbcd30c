//! What does not become a tunnel, and what is told instead.

use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use super::super::{GET, before};
use super::peers::{extended, http2};
use crate::house::House;

const UPGRADE: &str = "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";

/// Answers every request with these bytes.
fn saying(answer: &'static str) -> Backend {
    Backend::start(move |_, stream| {
        backend::write(stream, answer);
        Then::Keep
    })
}

#[test]
fn a_target_that_does_not_consent_is_passed_on_and_its_connection_used_again() {
    let backend =
        saying("HTTP/1.1 403 Forbidden\r\nupgrade: websocket\r\ncontent-length: 3\r\n\r\nno!");
    let house = before(&[&backend]);
    let mut client = house.plain();
    for _ in 0..3 {
        let response = client.exchange(UPGRADE);
        assert_eq!((response.status, response.text()), (403, "no!"));
        assert_eq!(response.header("upgrade"), None);
    }
    assert_eq!(backend.connections(), 1);
}

#[test]
fn a_consent_to_something_else_is_a_bad_answer() {
    for answer in [
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: irc\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket, irc\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ] {
        let backend = saying(answer);
        let house = before(&[&backend]);
        assert_eq!(house.plain().exchange(UPGRADE).status, 502, "{answer}");
        assert_eq!(house.records(1)[0]["cause"], "bad_response");
    }
    let consent =
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let house = before(&[&saying(consent)]);
    assert_eq!(house.plain().exchange(GET).status, 502);
}

#[test]
fn what_was_not_asked_for_in_full_is_an_ordinary_request() {
    let backend = Backend::start(|asked: &Asked, stream| {
        let names = ["upgrade", "connection", "http2-settings"];
        let seen: Vec<_> = names
            .iter()
            .filter(|name| asked.header(name).is_some())
            .collect();
        backend::write(stream, backend::text(&format!("{seen:?}")));
        Then::Keep
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    for lines in [
        "upgrade: websocket",
        "connection: upgrade",
        "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA",
        "connection: upgrade\r\nupgrade: HTTP/2.0, TLS/1.2",
        "connection: upgrade\r\nupgrade: ,",
    ] {
        let response = client.exchange(format!("GET / HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n"));
        assert_eq!(response.text(), "[]", "{lines}");
    }
    let old = "GET / HTTP/1.0\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    assert_eq!(house.plain().exchange(old).text(), "[]");
}

#[test]
fn bytes_sent_before_the_consent_are_no_part_of_another_request() {
    // The target refuses; what the client sent for the protocol it hoped for must not reach the target as a request.
    let backend = saying("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    let house = before(&[&backend]);
    let mut client = house.plain();
    let response = client.exchange(format!("{UPGRADE}\u{1}\u{2}not http\r\n\r\n"));
    assert_eq!(response.status, 400);
    assert_eq!(client.response().status, 400);
    assert!(client.is_closed());
    assert_eq!(backend.requests(), 1);
}

#[test]
fn the_pages_of_this_process_take_no_upgrade() {
    let house = House::open();
    assert_eq!(house.plain().exchange(UPGRADE).status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_handed_over_for_a_websocket_that_was_proved_only() {
    for (answer, status, cause) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
            502,
            "bad_response",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            502,
            "bad_response",
        ),
        (
            "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno",
            404,
            "",
        ),
    ] {
        let backend = saying(answer);
        let house = before(&[&backend]);
        let mut sender = http2(&house).await;
        let response = extended(&mut sender, "websocket").await.unwrap();
        assert_eq!(response.status(), status, "{answer}");
        let record = house.records(2).pop().unwrap();
        assert_eq!(
            record
                .get("cause")
                .map_or("", |cause| cause.as_str().unwrap()),
            cause
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_stream_is_handed_over_for_another_protocol_or_by_the_pages_of_this_process() {
    let house = House::open();
    let mut sender = http2(&house).await;
    for (protocol, cause) in [
        ("websocket", "no_tunnel"),
        ("connect-udp", "bad_request:protocol"),
    ] {
        let response = extended(&mut sender, protocol).await.unwrap();
        assert_eq!(response.status(), 501, "{protocol}");
        assert!(house.metric(&format!("edge_refused_total{{cause=\"{cause}\"}}")) > 0);
    }
    assert_eq!(house.service.arrived(), 0);
}
