//! How answers of targets are read: in whatever pieces they come, and not at all where they can't be understood.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use super::{GET, app, before, everything_to};
use crate::house::{House, eventually};

/// A target that says this byte by byte, whatever it is asked.
fn stammering(answer: &'static str) -> Backend {
    Backend::start(move |_, stream| {
        for byte in answer.as_bytes() {
            backend::write(stream, [*byte]);
        }
        Then::Keep
    })
}

#[test]
fn an_answer_that_comes_byte_by_byte_is_read_as_one_that_comes_at_once() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx: y\r\n\r\nhello",
        "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx: y\r\n\r\n3;a=b\r\nhel\r\n002\r\nlo\r\n0\r\nown: 1\r\n\r\n",
    ] {
        let target = stammering(answer);
        let house = before(&[&target]);
        let mut client = house.plain();
        for _ in 0..3 {
            let response = client.exchange(GET);
            assert_eq!((response.status, response.text()), (200, "hello"));
            assert_eq!(response.header("x"), Some("y"));
        }
        assert_eq!(target.connections(), 1);
    }
}

#[test]
fn a_head_that_has_no_one_meaning_is_no_answer() {
    for head in [
        "HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n content-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0x0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: +0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0, 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.2 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 2oo OK\r\ncontent-length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
    ] {
        let target = stammering(head);
        let house = before(&[&target]);
        assert_eq!(house.plain().exchange(GET).status, 502, "{head:?}");
        assert_eq!(house.records(1)[0]["cause"], "bad_response", "{head:?}");
        assert_eq!(target.requests(), 1, "{head:?}");
    }
}

#[test]
fn a_line_of_an_answer_that_ends_with_a_line_feed_alone_is_refused_and_named() {
    for head in [
        "HTTP/1.1 200 OK\ncontent-length: 0\n\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\n",
        "HTTP/1.1 200 OK\r\nx: a\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 103 Early Hints\n\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ] {
        let target = stammering(head);
        let house = before(&[&target]);
        assert_eq!(house.plain().exchange(GET).status, 502, "{head:?}");
        let cause = "bad_response:line_end";
        assert_eq!(house.records(1)[0]["cause"], cause, "{head:?}");
        let failures =
            format!("edge_upstream_failures_total{{upstream=\"app\",cause=\"{cause}\"}}");
        assert_eq!(house.metric(&failures), 1, "{head:?}");
    }
}

#[test]
fn a_chunk_that_has_no_one_meaning_ends_the_answer_in_its_middle() {
    for chunks in [
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "4\r\nhello\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nx y\r\n\r\n",
        "5\r\nhello\r\n0\r\nx: y\ny: z\r\n\r\n",
    ] {
        let target = Backend::start(move |_, stream| {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n";
            backend::write(stream, format!("{head}{chunks}"));
            Then::Keep
        });
        let house = before(&[&target]);
        let mut client = house.plain();
        client.send(GET);
        let received = client.rest();
        assert!(!received.ends_with(b"0\r\n\r\n"), "{chunks:?}");
        assert_eq!(house.records(1)[0]["cause"], "truncated", "{chunks:?}");
    }
}

#[test]
fn an_answer_of_http_1_0_ends_with_its_connection_unless_it_says_otherwise() {
    let target = Backend::start(|asked: &Asked, stream| {
        if asked.target() == "/kept" {
            let head = "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 5\r\n\r\n";
            backend::write(stream, format!("{head}hello"));
            return Then::Keep;
        }
        backend::write(stream, "HTTP/1.0 200 OK\r\n\r\nhello");
        Then::Close
    });
    let house = before(&[&target]);
    let mut client = house.plain();
    for (path, connections) in [
        ("kept", 1),
        ("kept", 1),
        ("last", 1),
        ("last", 2),
        ("kept", 3),
    ] {
        let response = client.exchange(format!("GET /{path} HTTP/1.1\r\nhost: a\r\n\r\n"));
        assert_eq!(response.text(), "hello");
        assert_eq!(target.connections(), connections, "{path}");
    }
}

#[test]
fn a_target_may_say_its_status_in_its_own_words() {
    let target = stammering("HTTP/1.1 299 Baik Sekali\r\ncontent-length: 0\r\n\r\n");
    let house = before(&[&target]);
    let mut client = house.plain();
    client.send(GET);
    let line = "HTTP/1.1 299 Baik Sekali\r\n";
    assert_eq!(client.read_exact(line.len()), line.as_bytes());
}

#[test]
fn what_a_target_says_while_nobody_asks_is_nobodys_answer() {
    let (told, tell) = channel();
    let told = Mutex::new(told);
    let target = Backend::start(move |asked: &Asked, stream| {
        backend::write(stream, backend::text("hello"));
        if asked.index == 2 {
            backend::write(stream, backend::text("smuggled"));
            told.lock().unwrap().send(()).unwrap();
        }
        Then::Keep
    });
    let house = before(&[&target]);
    let mut client = house.plain();
    for _ in 0..3 {
        for _ in 0..3 {
            assert_eq!(client.exchange(GET).text(), "hello");
        }
        tell.recv().unwrap();
    }
    assert_eq!(target.connections(), 3);
}

#[test]
fn the_rest_of_a_body_follows_an_early_answer_and_the_connection_serves_again() {
    let (arrived, arrival) = channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut first, _) = listener.accept().unwrap();
        read_head(&mut first);
        backend::write(&mut first, backend::text("early"));
        first.read_exact(&mut vec![0; 300_000]).unwrap();
        arrived.send(()).unwrap();
        std::thread::spawn(move || {
            read_head(&mut first);
            backend::write(&mut first, backend::text("again"));
        });
        for mut other in listener.incoming().flatten() {
            read_head(&mut other);
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\n";
            backend::write(&mut other, format!("{head}other"));
        }
    });
    let house = House::with(everything_to(app(&[url])));
    let mut client = house.plain();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 300000\r\n\r\n");
    assert_eq!(client.response().text(), "early");
    client.send("x".repeat(300_000));
    arrival.recv().unwrap();
    // It is free in a moment.
    eventually("the connection", || client.exchange(GET).text() == "again");
}

fn read_head(stream: &mut std::net::TcpStream) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
}

#[test]
fn a_client_that_leaves_ends_what_was_asked_for_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let house = House::with(everything_to(app(&[url])));
    for begun in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello"] {
        let mut client = house.plain();
        client.send(GET);
        let (mut stream, _) = listener.accept().unwrap();
        read_head(&mut stream);
        backend::write(&mut stream, begun);
        if !begun.is_empty() {
            client.read_exact("HTTP/1.1 200 OK".len());
        }
        drop(client);
        // Ends, or is reset.
        assert!(matches!(stream.read(&mut [0; 1]), Ok(0) | Err(_)));
    }
    let records = house.records(2);
    assert_eq!(records[0]["status"], 499);
    assert_eq!(records[1]["cause"], "client_left");
}

#[test]
fn a_client_that_does_not_read_holds_its_target_back() {
    const WHOLE: usize = 64 * 1024 * 1024;
    let written = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&written);
    let target = Backend::start(move |_, stream| {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {WHOLE}\r\n\r\n");
        backend::write(stream, head);
        let part = vec![b'x'; 64 * 1024];
        for _ in 0..WHOLE / part.len() {
            if stream.write_all(&part).is_err() {
                return Then::Close;
            }
            counted.fetch_add(part.len(), SeqCst);
        }
        Then::Keep
    });
    let house = before(&[&target]);
    let mut client = house.plain();
    client.send(GET);
    let (mut before, mut alike) = (0, 0);
    eventually("a target that is held back", || {
        let now = written.load(SeqCst);
        let is_alike = std::mem::replace(&mut before, now) == now && now > 0;
        alike = if is_alike { alike + 1 } else { 0 };
        alike > 20
    });
    assert!(written.load(SeqCst) < WHOLE / 2);
    assert_eq!(client.response().body.len(), WHOLE);
}
