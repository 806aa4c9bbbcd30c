//! Both ends of a WebSocket: a server that echoes, and clients by each way in.

use std::net::SocketAddr;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::ext::Protocol;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

use crate::house::House;

/// A stream of bytes both ways.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

pub(super) type Socket = WebSocketStream<Box<dyn Duplex>>;

/// The close frame with which a conversation ended, if it did.
type End = Result<Option<Message>, tungstenite::Error>;

/// A WebSocket server on a free port that says everything back, and hears of how each conversation ended.
pub(super) struct Echo {
    pub(super) address: SocketAddr,
    pub(super) ends: UnboundedReceiver<End>,
}

impl Echo {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, ends) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, sender.clone()));
            }
        });
        Self { address, ends }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn converse(stream: TcpStream, ends: UnboundedSender<End>) {
    // Ordinary requests are none of its business.
    if let Ok(socket) = accept_async(stream).await {
        ends.send(echo(socket).await).ok();
    }
}

/// Echoes until the other end closes; its close frame, if it sent one.
async fn echo(mut socket: WebSocketStream<TcpStream>) -> End {
    while let Some(message) = socket.next().await {
        match message? {
            close @ Message::Close(_) => {
                // The answer to it goes out with the next look.
                while socket.next().await.is_some() {}
                return Ok(Some(close));
            }
            message => socket.send(message).await?,
        }
    }
    Ok(None)
}

/// The three ways in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Plain,
    Tls,
    Http2,
}

pub(super) const WAYS: [Way; 3] = [Way::Plain, Way::Tls, Way::Http2];

/// A WebSocket through the edge.
pub(super) async fn connect(house: &House, way: Way) -> Socket {
    let stream: Box<dyn Duplex> = match way {
        Way::Plain => Box::new(TcpStream::connect(house.address("http")).await.unwrap()),
        Way::Tls => Box::new(house.handshake("http/1.1").await),
        Way::Http2 => {
            let mut sender = http2(house).await;
            let response = extended(&mut sender, "websocket").await.unwrap();
            assert_eq!(response.status(), 200);
            let upgraded = hyper::upgrade::on(response).await.unwrap();
            let stream: Box<dyn Duplex> = Box::new(TokioIo::new(upgraded));
            return WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        }
    };
    let (socket, response) = client_async("ws://localhost/chat?x=1", stream)
        .await
        .unwrap();
    assert_eq!(response.status(), 101);
    socket
}

/// An HTTP/2 connection whose server said that it hands streams over.
pub(super) async fn http2(house: &House) -> SendRequest<Empty<Bytes>> {
    let stream = TokioIo::new(house.handshake("h2").await);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream)
        .await
        .unwrap();
    let mut connection = Box::pin(connection);
    // The server's settings come before its first answer.
    let request = Request::get("https://localhost/")
        .body(Empty::new())
        .unwrap();
    tokio::select! {
        answer = sender.send_request(request) => drop(answer),
        end = &mut connection => panic!("{end:?}"),
    }
    assert!(connection.is_extended_connect_protocol_enabled());
    tokio::spawn(connection);
    sender
}

/// Asks for another protocol on a stream (RFC 8441).
pub(super) async fn extended(
    sender: &mut SendRequest<Empty<Bytes>>,
    protocol: &'static str,
) -> hyper::Result<Response<Incoming>> {
    let request = Request::builder()
        .method(Method::CONNECT)
        .uri("https://localhost/chat?x=1")
        .extension(Protocol::from_static(protocol))
        .header("sec-websocket-version", "13")
        .body(Empty::new())
        .unwrap();
    sender.send_request(request).await
}
