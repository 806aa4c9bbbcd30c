//! A server of HTTP/2 that does with each stream as a test says, and a client.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::StreamExt;
use h2::server::{self, SendResponse};
use h2::{Reason, RecvStream};
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Collected, Full, StreamBody};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::house::House;

/// What a target takes at most, and how it is reached.
#[derive(Clone)]
pub(super) struct Limits {
    /// At a time, on one connection.
    pub(super) streams: u32,
    /// On one connection, before it is closed.
    pub(super) requests: usize,
    /// Certificate and key.
    pub(super) tls: Option<(PathBuf, PathBuf)>,
    pub(super) alpn: &'static str,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            streams: 100,
            requests: usize::MAX,
            tls: None,
            alpn: "h2",
        }
    }
}

/// A running server.
pub(super) struct Target {
    address: SocketAddr,
    is_tls: bool,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    open: AtomicUsize,
    most_at_once: AtomicUsize,
    heads: Mutex<Vec<Parts>>,
}

/// One stream.
pub(super) struct Asked {
    pub(super) head: Parts,
    body: RecvStream,
    respond: SendResponse<Bytes>,
}

impl Target {
    pub(super) async fn start<F, A>(limits: Limits, serve: F) -> Self
    where
        F: Fn(Asked) -> A + Clone + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, counts) = (listener.local_addr().unwrap(), Arc::<Counts>::default());
        let (counted, is_tls) = (Arc::clone(&counts), limits.tls.is_some());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (limits, serve, counts) = (limits.clone(), serve.clone(), Arc::clone(&counted));
                tokio::spawn(accepted(stream, limits, serve, counts));
            }
        });
        Self {
            address,
            is_tls,
            counts,
        }
    }

    pub(super) fn url(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    pub(super) fn connections(&self) -> usize {
        self.counts.connections.load(SeqCst)
    }

    /// Streams in its hands now.
    pub(super) fn open(&self) -> usize {
        self.counts.open.load(SeqCst)
    }

    /// The most streams that one connection had at a time.
    pub(super) fn most_at_once(&self) -> usize {
        self.counts.most_at_once.load(SeqCst)
    }

    pub(super) fn requests(&self) -> usize {
        self.counts.heads.lock().unwrap().len()
    }

    pub(super) fn head(&self, index: usize) -> Parts {
        self.counts.heads.lock().unwrap()[index].clone()
    }
}

pub(in super::super) fn acceptor(
    (certificate, key): &(PathBuf, PathBuf),
    alpn: &str,
) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let mut config = builder
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(certificate).unwrap()],
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn accepted<F, A>(stream: TcpStream, limits: Limits, serve: F, counts: Arc<Counts>)
where
    F: Fn(Asked) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let Some(files) = &limits.tls else {
        return connection(stream, limits, serve, counts).await;
    };
    // A client that takes no part in the handshake is the test's matter.
    if let Ok(stream) = acceptor(files, limits.alpn).accept(stream).await {
        connection(stream, limits, serve, counts).await;
    }
}

async fn connection<S, F, A>(stream: S, limits: Limits, serve: F, counts: Arc<Counts>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(Asked) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    counts.connections.fetch_add(1, SeqCst);
    let mut builder = server::Builder::new();
    builder.max_concurrent_streams(limits.streams);
    let Ok(mut connection) = builder.handshake(stream).await else {
        return;
    };
    let own = Arc::new(AtomicUsize::new(0));
    let mut taken = 0;
    while let Some(Ok((request, respond))) = connection.accept().await {
        taken += 1;
        if taken == limits.requests {
            connection.graceful_shutdown();
        }
        let (head, body) = request.into_parts();
        counts.heads.lock().unwrap().push(head.clone());
        counts.open.fetch_add(1, SeqCst);
        counts
            .most_at_once
            .fetch_max(own.fetch_add(1, SeqCst) + 1, SeqCst);
        let answering = serve(Asked {
            head,
            body,
            respond,
        });
        let (own, counts) = (Arc::clone(&own), Arc::clone(&counts));
        tokio::spawn(async move {
            answering.await;
            own.fetch_sub(1, SeqCst);
            counts.open.fetch_sub(1, SeqCst);
        });
    }
}

impl Asked {
    /// The whole body with its trailers.
    pub(super) async fn body(&mut self) -> (Vec<u8>, Option<HeaderMap>) {
        let mut whole = Vec::new();
        while let Some(Ok(part)) = self.body.data().await {
            self.body
                .flow_control()
                .release_capacity(part.len())
                .unwrap();
            whole.extend(part);
        }
        (whole, self.body.trailers().await.ok().flatten())
    }

    pub(super) fn answer(&mut self, head: Response<()>, body: &[u8], trailers: Option<HeaderMap>) {
        let Ok(mut stream) = self.respond.send_response(head, false) else {
            return;
        };
        let body = Bytes::copy_from_slice(body);
        // A client that is gone is the test's matter.
        let _ = stream.send_data(body, trailers.is_none());
        let _ = trailers.map(|trailers| stream.send_trailers(trailers));
    }

    /// Sends no more than the other end has room for.
    pub(super) async fn answer_slowly(&mut self, mut body: &[u8]) {
        let mut stream = self
            .respond
            .send_response(Response::new(()), false)
            .unwrap();
        while !body.is_empty() {
            stream.reserve_capacity(body.len().min(16_384));
            let room = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await;
            let Some(Ok(room)) = room else { return };
            let (part, rest) = body.split_at(room.min(body.len()));
            stream
                .send_data(Bytes::copy_from_slice(part), rest.is_empty())
                .unwrap();
            body = rest;
        }
    }

    pub(super) fn reset(mut self, reason: Reason) {
        self.respond.send_reset(reason);
    }
}

type Outgoing = BoxBody<Bytes, std::convert::Infallible>;

/// A client of the edge, with one connection.
#[derive(Clone)]
pub(super) struct Client(SendRequest<Outgoing>);

/// An answer as it came.
pub(super) struct Answer {
    pub(super) status: u16,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Client {
    pub(super) async fn connect(house: &House) -> Self {
        let stream = TokioIo::new(house.handshake("h2").await);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream)
            .await
            .unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    pub(super) async fn post(&self, body: impl Into<Bytes>) -> hyper::Result<Answer> {
        self.send(Method::POST, body).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        body: impl Into<Bytes>,
    ) -> hyper::Result<Answer> {
        self.request(method, Full::new(body.into()).boxed()).await
    }

    /// A body in several parts, of a length that nobody is told.
    pub(super) async fn stream(&self, body: impl Into<Bytes>) -> hyper::Result<Answer> {
        let body: Bytes = body.into();
        let parts: Vec<_> = body.chunks(5000).map(Bytes::copy_from_slice).collect();
        let frames = futures_util::stream::iter(parts).map(|part| Ok(Frame::data(part)));
        self.request(Method::POST, BodyExt::boxed(StreamBody::new(frames)))
            .await
    }

    async fn request(&self, method: Method, body: Outgoing) -> hyper::Result<Answer> {
        let request = Request::builder().method(method).uri("https://localhost/");
        let response = self
            .0
            .clone()
            .send_request(request.body(body).unwrap())
            .await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes().to_vec();
        Ok(Answer { status, body })
    }

    pub(super) async fn with_trailers(
        &self,
        kind: &str,
        body: &'static str,
        trailers: HeaderMap,
    ) -> Collected<Bytes> {
        let body = Full::new(Bytes::from(body)).with_trailers(async { Some(Ok(trailers)) });
        let request = Request::post("https://localhost/").header("content-type", kind);
        let request = request.body(body.boxed()).unwrap();
        let response = self.0.clone().send_request(request).await.unwrap();
        response.into_body().collect().await.unwrap()
    }
}
