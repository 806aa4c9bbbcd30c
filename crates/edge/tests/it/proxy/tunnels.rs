//! Connections that leave HTTP for a WebSocket or another protocol, over HTTP/1.1 and HTTP/2.

mod ends;
mod peers;
mod refused;

use std::time::{Duration, Instant};

use bytes::Bytes;
use edge::config::Span;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{app, everything_to};
use crate::bans::{Kept, forced};
use crate::house::{House, eventually};
use peers::{Echo, Socket, WAYS, Way, connect};

const TUNNELS: &str = "edge_upstream_tunnels_open{upstream=\"app\"}";

/// An edge before a server at this URL.
fn facing(url: String) -> House {
    House::with(everything_to(app(&[url])))
}

/// The next message, within a test's patience.
async fn next(socket: &mut Socket) -> Option<Message> {
    let message = tokio::time::timeout(Duration::from_secs(20), socket.next());
    message
        .await
        .expect("a message in time")
        .map(|message| message.expect("a good message"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_leaves_tunnels_as_they_are() {
    let echo = Echo::start().await;
    let house = facing(echo.url());
    let mut sockets = Vec::new();
    for way in WAYS {
        sockets.push(connect(&house, way).await);
    }
    // The settings change, then the upstream, then its targets.
    for round in 1..4 {
        let mut config = house.config.clone();
        config.hsts = Span::from_secs(round);
        if round > 1 {
            config.upstream[0].wait = Span::from_secs(round);
        }
        if round > 2 {
            config.upstream[0].keep_alive = Span::from_secs(3);
        }
        house.control.reload(config, &[]).unwrap();
        for socket in &mut sockets {
            let message = Message::text(round.to_string());
            socket.send(message.clone()).await.unwrap();
            assert_eq!(next(socket).await, Some(message));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_come_back_in_order_by_each_way() {
    let echo = Echo::start().await;
    let house = facing(echo.url());
    for (place, way) in WAYS.into_iter().enumerate() {
        let socket = connect(&house, way).await;
        eventually("the tunnel", || house.metric(TUNNELS) == 1);
        let (mut sink, mut stream) = socket.split();
        let messages = || (0..10_000).map(|number| Message::text(number.to_string()));
        let mut outgoing = futures_util::stream::iter(messages().map(Ok));
        let sending = sink.send_all(&mut outgoing);
        let receiving = stream.by_ref().take(10_000).map(Result::unwrap);
        let (sent, received) = tokio::join!(sending, receiving.collect::<Vec<_>>());
        sent.unwrap();
        assert!(received.into_iter().eq(messages()), "{way:?}");
        sink.send(Message::Close(None)).await.unwrap();
        assert!(stream.next().await.unwrap().unwrap().is_close());
        drop((sink, stream));
        eventually("the tunnel's end", || house.metric(TUNNELS) == 0);
        // The way in over HTTP/2 begins with a request of its own.
        let records = house.records(if way == Way::Http2 {
            place + 2
        } else {
            place + 1
        });
        let record = records
            .iter()
            .rfind(|record| record["target"] == "/chat?x=1")
            .unwrap();
        // A head of two bytes, a mask of four where the client speaks, and 38,890 digits; then the close frames.
        assert_eq!(record["bytes_out"], 10_000 * 2 + 38_890 + 2, "{record}");
        assert_eq!(record["bytes_in"], 10_000 * 6 + 38_890 + 6, "{record}");
        let (method, status) = if way == Way::Http2 {
            ("CONNECT", 200)
        } else {
            ("GET", 101)
        };
        assert_eq!(
            (&record["method"], &record["status"]),
            (&method.into(), &status.into())
        );
        assert_eq!((record.get("cause"), &record["site"]), (None, &"*/".into()));
        assert!(record["duration_us"].as_u64().unwrap() > 1000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_eight_megabytes_comes_back_whole() {
    let echo = Echo::start().await;
    let house = facing(echo.url());
    let big = (0..8_000_000_u32)
        .map(|number| number.to_le_bytes()[1])
        .collect::<Bytes>();
    for way in WAYS {
        let mut socket = connect(&house, way).await;
        let (mut sink, mut stream) = (&mut socket).split();
        let sending = sink.send(Message::Binary(big.clone()));
        let (sent, back) = tokio::join!(sending, stream.next());
        sent.unwrap();
        assert!(
            back.unwrap().unwrap() == Message::Binary(big.clone()),
            "{way:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_websockets_share_one_http_2_connection() {
    let echo = Echo::start().await;
    let house = facing(echo.url());
    let mut sender = peers::http2(&house).await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        let response = peers::extended(&mut sender, "websocket").await.unwrap();
        let upgraded = hyper::upgrade::on(response).await.unwrap();
        let stream: Box<dyn peers::Duplex> = Box::new(hyper_util::rt::TokioIo::new(upgraded));
        let role = tokio_tungstenite::tungstenite::protocol::Role::Client;
        sockets.push(Socket::from_raw_socket(stream, role, None).await);
    }
    eventually("the tunnels", || house.metric(TUNNELS) == 20);
    assert_eq!(house.metric("edge_connections_open"), 1);
    for (number, socket) in sockets.iter_mut().enumerate() {
        socket
            .send(Message::text(number.to_string()))
            .await
            .unwrap();
    }
    for (number, socket) in sockets.iter_mut().enumerate() {
        assert_eq!(
            next(socket).await.unwrap(),
            Message::text(number.to_string())
        );
    }
    // One that ends leaves the others alone.
    drop(sockets.pop());
    eventually("one tunnel's end", || house.metric(TUNNELS) == 19);
    sockets[0].send(Message::text("still")).await.unwrap();
    assert_eq!(
        next(&mut sockets[0]).await.unwrap(),
        Message::Text(Utf8Bytes::from_static("still"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_keeps_its_connections_place() {
    let echo = Echo::start().await;
    let house = House::with(|plan| {
        plan.config.connections.per_address = 1;
        everything_to(app(&[echo.url()]))(plan);
    });
    let mut socket = connect(&house, Way::Plain).await;
    assert!(house.plain().is_closed());
    socket.close(None).await.unwrap();
    while next(&mut socket).await.is_some() {}
    drop(socket);
    eventually("a place", || house.metric("edge_connections_open") == 0);
    connect(&house, Way::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_of_a_banned_client_ends_soon() {
    let mut echo = Echo::start().await;
    let house = facing(echo.url());
    let kept = Kept::followed_by(&house);
    for way in WAYS {
        let mut socket = connect(&house, way).await;
        socket.send(Message::text("hello")).await.unwrap();
        assert_eq!(next(&mut socket).await, Some(Message::text("hello")));
        kept.set([forced("127.0.0.1")]);
        let begun = Instant::now();
        // With a word of farewell, or without one; then comes nothing more.
        while let Some(Ok(message)) = socket.next().await {
            assert!(message.is_close(), "{message:?}");
        }
        echo.ends.recv().await.unwrap().ok();
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{way:?}: {:?}",
            begun.elapsed()
        );
        kept.set([]);
        eventually("the end of the ban", || house.metric("edge_bans") == 0);
    }
    eventually("no tunnel", || house.metric(TUNNELS) == 0);
}
