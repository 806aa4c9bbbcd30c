//! Server-sent events and other answers that come bit by bit.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::Bytes;
use edge::config::Span;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use testkit::backend::{self, Then};
use testkit::{Asked, Backend, Raw};

use super::{app, before, everything_to};
use crate::house::House;

const EVENTS: &str = "content-type: text/event-stream";
const UNBUFFERED: &str = "content-type: text/html\r\nx-accel-buffering: no";
const PAGE: &str = "content-type: text/html";

/// Answers with these headers by path, and with one event whenever the test says so.
fn speaking() -> (Backend, Sender<()>) {
    let (say, said) = channel::<()>();
    let said: Mutex<Receiver<()>> = Mutex::new(said);
    let backend = Backend::start(move |asked: &Asked, stream| {
        let kind = match asked.target() {
            "/events" => EVENTS,
            "/unbuffered" => UNBUFFERED,
            _ => PAGE,
        };
        backend::write(
            stream,
            format!("HTTP/1.1 200 OK\r\n{kind}\r\ntransfer-encoding: chunked\r\n\r\n"),
        );
        backend::write(stream, "7\r\nbegun\n\n\r\n");
        if kind == PAGE {
            // Nothing more until the edge has had enough.
            let _ = std::io::Read::read(stream, &mut [0; 1]);
            return Then::Close;
        }
        for number in 100..200 {
            said.lock().unwrap().recv().unwrap();
            backend::write(stream, format!("b\r\ndata: {number}\n\n\r\n"));
        }
        backend::write(stream, "0\r\n\r\n");
        Then::Keep
    });
    (backend, say)
}

fn read_until(client: &mut Raw, end: &str) {
    let mut read = Vec::new();
    while !read.ends_with(end.as_bytes()) {
        read.extend(client.read_exact(1));
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip, br, zstd\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_arrives_before_the_next_one_is_sent() {
    let (backend, say) = speaking();
    let house = before(&[&backend]);
    for path in ["/events", "/unbuffered"] {
        let mut client = house.plain();
        client.send(get(path));
        read_until(&mut client, "begun\n\n");
        for number in 100..200 {
            say.send(()).unwrap();
            read_until(&mut client, &format!("data: {number}\n\n"));
        }
        let stream = TokioIo::new(house.handshake("h2").await);
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream)
            .await
            .unwrap();
        tokio::spawn(connection);
        let request = Request::get(format!("https://localhost{path}"))
            .header("accept-encoding", "gzip, br, zstd")
            .body(Empty::<Bytes>::new());
        let response = sender.send_request(request.unwrap()).await.unwrap();
        assert_eq!(response.headers().get("content-encoding"), None);
        let mut body = response.into_body();
        let mut next = async || body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(next().await, "begun\n\n");
        for number in 100..200 {
            say.send(()).unwrap();
            assert_eq!(next().await, format!("data: {number}\n\n"));
        }
    }
}

#[test]
fn a_stream_may_be_silent_for_longer_than_a_page() {
    let (backend, say) = speaking();
    let mut upstream = app(&[backend.url()]);
    upstream.idle_timeout = Span::from_millis(100);
    let house = House::with(everything_to(upstream));
    for (number, path) in ["/events", "/unbuffered"].into_iter().enumerate() {
        let mut client = house.plain();
        client.send(get(path));
        read_until(&mut client, "begun\n\n");
        // The page's end shows that the time is over.
        let mut page = house.plain();
        page.send(get("/page"));
        page.rest();
        assert_eq!(
            house.records(2 * number + 1)[2 * number]["cause"],
            "timeout:idle"
        );
        for number in 100..200 {
            say.send(()).unwrap();
            read_until(&mut client, &format!("data: {number}\n\n"));
        }
    }
}
