//! Targets that speak TLS: who is believed, and what the visitor is told of the others.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use testkit::Authority;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::http2::peers::acceptor;
use super::{GET, app, everything_to};
use crate::house::House;

/// A server of HTTP/1.1 over TLS that answers with the host it was asked for, and counts connections.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(files: &(PathBuf, PathBuf)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, connections) = (
            listener.local_addr().unwrap(),
            Arc::<AtomicUsize>::default(),
        );
        let (acceptor, counted) = (acceptor(files, "http/1.1"), Arc::clone(&connections));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                counted.fetch_add(1, SeqCst);
                tokio::spawn(serve(socket, acceptor.clone()));
            }
        });
        Self {
            address,
            connections,
        }
    }
}

async fn serve(socket: TcpStream, acceptor: TlsAcceptor) {
    // A client that breaks the handshake off is what some tests want.
    if let Ok(stream) = acceptor.accept(socket).await {
        let connection = http1::Builder::new();
        let served = connection.serve_connection(TokioIo::new(stream), service_fn(host));
        let _ = served.await;
    }
}

async fn host(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let host = request.headers()["host"].to_str().unwrap_or_default();
    Ok(Response::new(host.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_believed_by_its_authority_and_its_name() {
    let (own, other) = (Authority::default(), Authority::default());
    let (directory, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (root, wrong_root) = (own.root(directory.path()), other.root(elsewhere.path()));
    for (name, root, is_believed) in [
        ("127.0.0.1", &root, true),
        ("127.0.0.2", &root, false),
        ("sekolah.example", &root, false),
        ("127.0.0.1", &wrong_root, false),
    ] {
        let server = Server::start(&own.issue(directory.path(), &[name])).await;
        let mut upstream = app(&[format!("https://{}", server.address)]);
        upstream.ca_file = Some(root.clone());
        let house = House::with(everything_to(upstream));
        let mut client = house.plain();
        let answers = [0; 5].map(|_| client.exchange(GET));
        let status = if is_believed { 200 } else { 502 };
        assert!(
            answers.iter().all(|answer| answer.status == status),
            "{name}"
        );
        assert!(!is_believed || answers[4].text() == "localhost");
        let cause = house.records(1)[0].get("cause").cloned();
        assert_eq!(cause, (!is_believed).then(|| "tls".into()), "{name}");
        // The handshake is paid for once.
        assert!(!is_believed || server.connections.load(SeqCst) == 1);
    }
}
