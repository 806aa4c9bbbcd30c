//! Bodies through the edge, both ways.

use std::io::Read;

use http::Method;
use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use super::{GET, app, before, everything_to};
use crate::house::House;
use edge::config::Span;

/// Answers with the framing and the length of the body.
fn measure() -> Backend {
    Backend::start(|asked: &Asked, stream| {
        let framing = asked
            .header("content-length")
            .map_or("chunked".to_owned(), |length| format!("length {length}"));
        let sum: u64 = asked.body.iter().map(|byte| u64::from(*byte)).sum();
        backend::write(
            stream,
            backend::text(&format!("{framing} {} {sum}", asked.body.len())),
        );
        Then::Keep
    })
}

#[test]
fn a_body_reaches_the_target_whole_whatever_its_length_and_framing() {
    let backend = measure();
    let house = before(&[&backend]);
    let mut client = house.plain();
    for length in [0, 1, 65_536, 65_537, 1_000_000] {
        let body = "a".repeat(length);
        let request =
            format!("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0{length}\r\n\r\n{body}");
        let expected = format!("length {length} {length} {}", 97 * length);
        assert_eq!(client.exchange(request).text(), expected);
    }
    let chunked = "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nx: y\r\n\r\n";
    assert_eq!(client.exchange(chunked).text(), "chunked 3 294");
    let body = "a".repeat(300_000);
    let response = house
        .http2()
        .try_request(Method::PUT, "https://localhost/", &[], body)
        .unwrap();
    assert_eq!(response.text(), "length 300000 300000 29100000");
}

#[test]
fn an_answer_reaches_the_client_whole_whatever_its_framing() {
    let backend = Backend::start(|asked: &Asked, stream| {
        let body = "x".repeat(2_000_000);
        match asked.target() {
            "/length" => backend::write(stream, backend::text(&body)),
            "/chunked" => {
                backend::write(
                    stream,
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
                );
                backend::write(stream, format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
            }
            "/close" => {
                backend::write(stream, format!("HTTP/1.1 200 OK\r\n\r\n{body}"));
                return Then::Close;
            }
            "/none" => backend::write(stream, "HTTP/1.1 204 No Content\r\n\r\n"),
            _ => backend::write(stream, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
        }
        Then::Keep
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    for path in ["/length", "/chunked", "/close"] {
        let response = client.exchange(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
        assert_eq!(response.body.len(), 2_000_000, "{path}");
        let response = house.http2().get(&format!("https://localhost{path}"));
        assert_eq!(response.body.len(), 2_000_000, "{path}");
    }
    assert_eq!(
        client
            .exchange("GET /none HTTP/1.1\r\nhost: a\r\n\r\n")
            .status,
        204
    );
    client.send("HEAD /head HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = client.try_response("HEAD").unwrap();
    assert_eq!(head.header("content-length"), Some("5"));
    assert_eq!(
        client
            .exchange("GET /none HTTP/1.1\r\nhost: a\r\n\r\n")
            .status,
        204
    );
}

#[test]
fn an_old_target_costs_the_client_no_connection() {
    let backend = Backend::start(|_, stream| {
        backend::write(stream, "HTTP/1.0 200 OK\r\n\r\nold");
        Then::Close
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    for _ in 0..3 {
        assert_eq!(client.exchange(GET).text(), "old");
    }
}

#[test]
fn an_answer_that_breaks_off_never_looks_complete() {
    let backend = Backend::start(|asked: &Asked, stream| {
        let head = match asked.target() {
            "/chunked" => "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
            _ => "content-length: 10\r\n\r\nhello",
        };
        backend::write(stream, format!("HTTP/1.1 200 OK\r\n{head}"));
        Then::Close
    });
    let house = before(&[&backend]);
    for (path, end) in [("/chunked", "5\r\nhello\r\n"), ("/length", "\r\n\r\nhello")] {
        let mut client = house.plain();
        client.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
        let received = String::from_utf8(client.rest()).unwrap();
        assert!(received.ends_with(end), "{received:?}");
        let broken =
            house
                .http2()
                .try_request(Method::GET, &format!("https://localhost{path}"), &[], "");
        assert!(broken.is_err(), "{path}");
    }
    for record in house.records(4) {
        assert_eq!(record["cause"], "truncated");
    }
}

#[test]
fn an_answer_that_stops_coming_is_broken_off() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let backend = Backend::start(move |_, stream| {
        backend::write(stream, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello");
        // Ends when the test does.
        let _ = held.lock().unwrap().recv();
        Then::Close
    });
    let mut upstream = app(&[backend.url()]);
    upstream.idle_timeout = Span::from_millis(50);
    let house = House::with(everything_to(upstream));
    let mut client = house.plain();
    client.send(GET);
    assert!(client.rest().ends_with(b"hello"));
    assert_eq!(house.records(1)[0]["cause"], "timeout:idle");
    drop(release);
}

#[test]
fn an_early_answer_reaches_the_client_while_its_body_is_still_on_the_way() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let house = House::with(everything_to(app(&[url])));
    let mut client = house.plain();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nbegin");
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0; 4]).unwrap();
    backend::write(
        &mut stream,
        "HTTP/1.1 413 No\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno",
    );
    let response = client.response();
    assert_eq!((response.status, response.text()), (413, "no"));
}

#[test]
fn events_reach_the_client_one_by_one() {
    let (permit, permitted) = std::sync::mpsc::channel::<()>();
    let permitted = std::sync::Mutex::new(permitted);
    let backend = Backend::start(move |_, stream| {
        backend::write(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
        );
        for number in 0..3 {
            backend::write(stream, format!("9\r\ndata: {number}\n\n\r\n"));
            permitted.lock().unwrap().recv().unwrap();
        }
        backend::write(stream, "0\r\n\r\n");
        Then::Keep
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    client.send(GET);
    let mut received = Vec::new();
    for number in 0..3 {
        let end = format!("data: {number}\n\n\r\n");
        while !received.ends_with(end.as_bytes()) {
            received.extend(client.read_exact(1));
        }
        permit.send(()).unwrap();
    }
    assert_eq!(client.read_exact(5), b"0\r\n\r\n");
}
