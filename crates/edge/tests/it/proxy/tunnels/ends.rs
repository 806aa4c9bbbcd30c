//! How tunnels end: in halves, by force, by silence, by the edge's own end; and what happens before a slow reader.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use edge::config::Span;
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use testkit::backend::{self, Then};
use testkit::{Asked, Backend, Raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::{app, before, everything_to};
use super::peers::{Echo, WAYS, Way, connect, extended, http2};
use super::{TUNNELS, facing, next};
use crate::house::{House, eventually};

const UPGRADE: &str =
    "GET /raw HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: raw/1\r\n\r\n";

/// A server that consents to everything, and then does this with the bytes.
fn consenting(then: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Backend {
    Backend::start(move |asked: &Asked, stream| {
        let accept = asked
            .header("sec-websocket-key")
            .map(accept)
            .unwrap_or_default();
        let protocol = asked.header("upgrade").unwrap_or("none");
        backend::write(
            stream,
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: {protocol}\r\nsec-websocket-accept: {accept}\r\n\r\n"
            ),
        );
        then(stream);
        Then::Close
    })
}

fn accept(key: &str) -> String {
    tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes())
}

/// A client that has been handed a connection.
fn raw(house: &House) -> Raw {
    let mut client = house.plain();
    client.send(UPGRADE);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(client.read_exact(1));
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    assert!(
        head.contains("\r\nupgrade: raw/1\r\n") && head.contains("\r\nconnection: upgrade\r\n"),
        "{head}"
    );
    client
}

/// Reads to the end, then tells how much there was.
fn tell(stream: &mut TcpStream) {
    let mut all = Vec::new();
    let outcome = stream.read_to_end(&mut all);
    let _ = write!(stream, "{} bytes, {}", all.len(), outcome.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_half_may_end_before_the_other() {
    let backend = consenting(tell);
    let house = before(&[&backend]);
    let mut client = raw(&house);
    client.send("hello").finish();
    assert_eq!(client.rest(), b"5 bytes, true");
    let response = extended(&mut http2(&house).await, "websocket")
        .await
        .unwrap();
    let mut stream = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    stream.write_all(b"hello!").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "6 bytes, true");
    eventually("both tunnels' end", || house.metric(TUNNELS) == 0);
    let records = house.records(3);
    let mut tunnels = records.iter().filter(|record| record["target"] != "/");
    assert!(tunnels.all(|record| record.get("cause").is_none()));
}

#[test]
fn bytes_sent_with_the_request_and_with_the_consent_are_not_lost() {
    let backend = consenting(|stream| {
        backend::write(stream, "early");
        tell(stream);
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    client.send(format!("{UPGRADE}hello")).finish();
    let all = String::from_utf8(client.rest()).unwrap();
    assert!(all.ends_with("\r\n\r\nearly5 bytes, true"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_breaks_off_is_broken_off_from_its_target() {
    let (told, heard) = std::sync::mpsc::channel();
    let backend = consenting(move |stream| {
        let mut part = [0; 5];
        if stream.read_exact(&mut part).is_ok() {
            told.send(Ok(5)).unwrap();
            let broken = stream.read(&mut part).map_err(|error| error.kind());
            told.send(broken).unwrap();
        }
    });
    let house = before(&[&backend]);
    let mut client = raw(&house);
    client.send("hello");
    assert_eq!(heard.recv().unwrap(), Ok(5));
    let socket = socket2::SockRef::from(client.socket());
    socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(client);
    assert_eq!(heard.recv().unwrap(), Err(ErrorKind::ConnectionReset));
    let (mut stream, connection) = stream(&house).await;
    stream.send_data(BEGUN.into(), false).unwrap();
    assert_eq!(heard.recv().unwrap(), Ok(5));
    connection.abort();
    assert_eq!(heard.recv().unwrap(), Err(ErrorKind::ConnectionReset));
    // Whoever has no more need of a stream cancels it, which is no failure.
    let (mut stream, _connection) = self::stream(&house).await;
    stream.send_data(BEGUN.into(), false).unwrap();
    assert_eq!(heard.recv().unwrap(), Ok(5));
    stream.send_reset(h2::Reason::CANCEL);
    assert_eq!(heard.recv().unwrap(), Ok(0));
    let records = house.records(3);
    let mut broken = records.iter().take(2);
    assert!(broken.all(|record| record["cause"] == "client_left"));
    assert_eq!(records[2].get("cause"), None);
}

/// The head of a frame whose payload is to come.
const BEGUN: &[u8] = &[0x82, 0x85, 0, 0, 0];

/// A stream that was handed over, and the task that is its connection.
async fn stream(house: &House) -> (h2::SendStream<Bytes>, tokio::task::AbortHandle) {
    let stream = house.handshake("h2").await;
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection).abort_handle();
    while !sender.is_extended_connect_protocol_enabled() {
        tokio::task::yield_now().await;
    }
    let request = http::Request::builder()
        .method(http::Method::CONNECT)
        .uri("https://localhost/chat")
        .extension(h2::ext::Protocol::from_static("websocket"))
        .body(())
        .unwrap();
    let (response, stream) = sender.send_request(request, false).unwrap();
    let response = response.await.unwrap();
    assert_eq!(response.status(), 200);
    (stream, connection)
}

#[test]
fn a_target_that_breaks_off_ends_the_tunnel() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let house = facing(format!("http://{}", listener.local_addr().unwrap()));
    let mut client = house.plain();
    client.send(UPGRADE);
    let (mut stream, _) = listener.accept().unwrap();
    assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
    backend::write(
        &mut stream,
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: raw/1\r\n\r\n",
    );
    eventually("the tunnel", || house.metric(TUNNELS) == 1);
    let socket = socket2::SockRef::from(&stream);
    socket.set_linger(Some(std::time::Duration::ZERO)).unwrap();
    drop(stream);
    client.rest();
    eventually("the tunnel's end", || house.metric(TUNNELS) == 0);
    let record = house.records(1).pop().unwrap();
    assert_eq!(
        (&record["status"], &record["cause"]),
        (&101.into(), &"truncated".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_tunnel_is_left_in_good_order() {
    let mut echo = Echo::start().await;
    let mut upstream = app(&[echo.url()]);
    upstream.stream_idle = Span::from_millis(300);
    let house = House::with(everything_to(upstream));
    for way in WAYS {
        let mut socket = connect(&house, way).await;
        // Whatever passes begins the time anew.
        for _ in 0..4 {
            socket.send(Message::text("x")).await.unwrap();
            next(&mut socket).await.unwrap();
        }
        assert_left(next(&mut socket).await.unwrap(), way);
        assert_left(echo.ends.recv().await.unwrap().unwrap().unwrap(), way);
    }
    eventually("the tunnels' end", || house.metric(TUNNELS) == 0);
    let records = house.records(4);
    let idle = records.iter().filter(|record| {
        record
            .get("cause")
            .is_some_and(|cause| cause == "timeout:idle")
    });
    assert_eq!(idle.count(), 3);
}

fn assert_left(message: Message, way: Way) {
    let Message::Close(Some(close)) = message else {
        panic!("{message:?} by {way:?}");
    };
    assert_eq!(close.code, CloseCode::Away, "{way:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_takes_leave_of_both_ends() {
    for way in WAYS {
        let mut echo = Echo::start().await;
        let house = facing(echo.url());
        let mut socket = connect(&house, way).await;
        socket.send(Message::text("before")).await.unwrap();
        assert_eq!(next(&mut socket).await.unwrap(), Message::text("before"));
        let log = house.file("logs/access.log");
        house.trigger().drain();
        // A tunnel lives on while the drain lasts.
        socket.send(Message::text("during")).await.unwrap();
        assert_eq!(next(&mut socket).await.unwrap(), Message::text("during"));
        house.trigger().end();
        assert_left(next(&mut socket).await.unwrap(), way);
        assert_left(echo.ends.recv().await.unwrap().unwrap().unwrap(), way);
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
        eventually("the end", || house.is_closed());
        let records = crate::house::lines(&std::fs::read_to_string(log).unwrap());
        assert_eq!(records.last().unwrap()["cause"], "drain", "{way:?}");
    }
}

#[test]
fn a_frame_that_has_begun_is_finished_before_the_leave() {
    let (told, heard) = std::sync::mpsc::channel();
    let backend = consenting(move |stream| {
        let mut all = Vec::new();
        while !all.ends_with(&[5]) {
            let mut part = [0; 1];
            stream.read_exact(&mut part).unwrap();
            all.extend(part);
        }
        told.send(()).unwrap();
        stream.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 2 + 4 + 10 + 8, "{all:?}");
        // A frame of ten bytes, then one that is a close.
        assert_eq!(
            (&all[..2], &all[16..18]),
            (&[0x82, 0x8a][..], &[0x88, 0x82][..])
        );
        told.send(()).unwrap();
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    client.send(UPGRADE.replace("raw/1", "websocket"));
    let (head, tail) = ([0x82, 0x8a, 0, 0, 0, 0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10]);
    client.send(head);
    heard.recv().unwrap();
    house.trigger().drain();
    house.trigger().end();
    client.send(tail);
    let answer = client.rest();
    assert!(answer.ends_with(&[0x88, 2, 0x03, 0xe9]), "{answer:?}");
    heard.recv().unwrap();
    eventually("the end", || house.is_closed());
}

#[test]
fn a_dead_client_does_not_keep_the_process_from_ending() {
    let backend = consenting(|stream| {
        let _ = stream.read(&mut [0; 1]);
    });
    let house = before(&[&backend]);
    let mut client = house.plain();
    client.send(UPGRADE.replace("raw/1", "websocket"));
    eventually("the tunnel", || house.metric(TUNNELS) == 1);
    // Half a frame, and never the rest.
    client.send([0x82, 0xfe, 0xff]);
    house.trigger().drain();
    house.trigger().end();
    eventually("the end", || house.is_closed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_slows_the_sender_and_fills_no_memory() {
    let written = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&written);
    let backend = consenting(move |stream| {
        let part = [7; 16 * 1024];
        let mut left = SIZE;
        while left > 0 && stream.write_all(&part).is_ok() {
            left -= part.len();
            counted.fetch_add(part.len(), SeqCst);
        }
    });
    let house = before(&[&backend]);
    let mut client = raw(&house);
    assert_stops(&written);
    assert_all(&client.rest());
    written.store(0, SeqCst);
    let response = extended(&mut http2(&house).await, "websocket")
        .await
        .unwrap();
    let mut stream = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    assert_stops(&written);
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    assert_all(&all);
}

const SIZE: usize = 96 * 1024 * 1024;

/// The sender has to wait before long. What the system's own socket buffers hold is not ours to bound.
fn assert_stops(written: &AtomicUsize) {
    let mut before = usize::MAX;
    eventually("the sender to stop", || {
        std::thread::park_timeout(std::time::Duration::from_millis(100));
        let now = written.load(SeqCst);
        now > 0 && std::mem::replace(&mut before, now) == now
    });
    assert!(before < SIZE / 2, "{before}");
}

fn assert_all(received: &[u8]) {
    assert_eq!(received.len(), SIZE);
    assert!(received.iter().all(|byte| *byte == 7));
}
