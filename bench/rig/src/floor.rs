//! The floor: hyper and rustls answering a fixed JSON, one runtime a core, and nothing else.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::workers;

/// As long as an answer to `GET /user/1`.
const ANSWER: &[u8] =
    br#"{"id":1,"first_name":"Siti","last_name":"Rahma","created_at":"2026-11-20T12:00:00Z"}"#;

/// Serves until it is killed.
pub(crate) fn serve(address: SocketAddr, certificates: &Path) -> Result<()> {
    let acceptor = acceptor(certificates)?;
    workers::run(address, move |stream| connection(stream, acceptor.clone()))
}

fn acceptor(certificates: &Path) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(certificates.join("cert.pem"))?;
    let key = PrivateKeyDer::from_pem_file(certificates.join("key.pem"))?;
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(chain.collect::<Result<_, _>>()?, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor) {
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
    // A client that leaves is no fault of the floor.
    drop(served.await);
}

async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::new(Bytes::from_static(ANSWER)));
    let json = http::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, json);
    Ok(response)
}
