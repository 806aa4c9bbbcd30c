//! An HTTP/2 client over TLS, on a runtime of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;

use crate::response::Response;
use crate::tls::Trust;

/// One connection.
pub struct Http2 {
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
}

impl Http2 {
    /// Connects and asks for this name, which may be an address.
    pub fn connect(trust: &Trust, address: SocketAddr, name: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let connector = TlsConnector::from(Arc::new(trust.config(&["h2"])));
        let name = ServerName::try_from(name.to_owned()).expect("a server name");
        let sender = runtime.block_on(async {
            let socket = TcpStream::connect(address)
                .await
                .expect("a server that listens");
            let stream = connector.connect(name, socket).await.expect("a handshake");
            let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
            let (sender, connection) = handshake.expect("an HTTP/2 server");
            // A connection that fails is seen by its requests.
            tokio::spawn(async { connection.await.ok() });
            sender
        });
        Self { runtime, sender }
    }

    /// Sends a request for an absolute URI and reads the whole answer; the error is hyper's.
    pub fn try_request(
        &mut self,
        method: Method,
        uri: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> hyper::Result<Response> {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        self.runtime.block_on(async {
            let (head, body) = self.sender.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes().to_vec();
            let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
                (
                    name.as_str().to_owned(),
                    value.to_str().expect("a header in ASCII").to_owned(),
                )
            };
            Ok(Response {
                status: head.status.as_u16(),
                headers: head.headers.iter().map(header).collect(),
                body,
            })
        })
    }

    /// Gets an absolute URI.
    pub fn get(&mut self, uri: &str) -> Response {
        self.try_request(Method::GET, uri, &[], "")
            .expect("an answer")
    }

    /// Whether the server has told this client to go.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}
