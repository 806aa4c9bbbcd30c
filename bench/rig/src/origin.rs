//! The origin: the fast, fixed server that every proxy of the benchmark stands before.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::Result;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::workers;

static SHORT: [u8; 100] = [b'a'; 100];
static LONG: [u8; 100_000] = [b'a'; 100_000];

/// Serves until it is killed: 100 bytes, or 100,000 where the path is `/long`.
pub(crate) fn serve(address: SocketAddr) -> Result<()> {
    workers::run(address, connection)
}

async fn connection(stream: TcpStream) {
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
    // A proxy that leaves is no fault of the origin.
    drop(served.await);
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body: &'static [u8] = match request.uri().path() {
        "/long" => &LONG,
        _ => &SHORT,
    };
    let mut response = Response::new(Full::new(Bytes::from_static(body)));
    let text = HeaderValue::from_static("text/plain");
    response.headers_mut().insert(CONTENT_TYPE, text);
    Ok(response)
}
