//! The API against its own description: schemathesis makes requests from it, valid and not, and judges each answer.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use school::tokens::{self, NewToken, Scope};
use school::{Actor, Role};
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use traffic::{Client, RequestId};

use crate::support::School;

/// Serves the service on a port of its own.
async fn serve(service: web::Layers, own_token: i64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service.clone();
            let answering = service_fn(move |request| answer(service.clone(), request, own_token));
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answering));
        }
    });
    address
}

async fn answer(
    service: web::Layers,
    mut request: Request<Incoming>,
    own_token: i64,
) -> Result<Response, Infallible> {
    // The run must not revoke the token that it needs itself.
    if request.uri().path() == format!("/tokens/{own_token}") {
        *request.uri_mut() = "/tokens/9999999".parse().unwrap();
    }
    make_key_unique(request.headers_mut());
    request.extensions_mut().insert(Client {
        address: [127, 0, 0, 1].into(),
        secure: false,
        request_id: RequestId(1),
    });
    service.oneshot(request.map(Body::new)).await
}

/// The same few keys with ever other bodies would rightly be refused; nothing in a schema says so.
fn make_key_unique(headers: &mut HeaderMap) {
    static USED: AtomicU64 = AtomicU64::new(0);
    let Some(key) = headers.get_mut("idempotency-key") else {
        return;
    };
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'"';
    if (1..=255).contains(&key.len()) && key.as_bytes().iter().all(is_plain) {
        *key = HeaderValue::from(USED.fetch_add(1, Ordering::Relaxed));
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(address: SocketAddr, secret: &str) -> (bool, String) {
    let program = root().join("target/venv/bin/schemathesis");
    assert!(
        program.is_file(),
        "`cargo xtask test` installs {}",
        program.display()
    );
    let directory = tempfile::TempDir::new().unwrap();
    let output = Command::new(program)
        .current_dir(directory.path())
        .arg("--config-file")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis.toml"))
        .args(["run", "--no-color"])
        .arg(format!("http://{address}/openapi.json"))
        .env("PENDOPO_TOKEN", secret)
        .output()
        .unwrap();
    let said =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said.join("\n"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault() {
    let school = School::with(|app| {
        app.clock = school::Clock::System;
        app.config.limit.messages.burst = 1_000_000;
    })
    .await;
    // The last administrator who can sign in can't be removed, so the token's owner stays.
    school.give_password(&school.admin).await;
    school.add("Second", Role::Staff).await;
    let new = NewToken {
        person_id: school.admin.id,
        label: "schemathesis".to_owned(),
        scope: Scope::Write,
        days: Some(366),
    };
    let now = school::Clock::System.now();
    let (token, secret) = tokens::create(&school.stores, &Actor::console(), new, now)
        .await
        .unwrap();
    let address = serve(school.service.clone(), token.id).await;
    let secret = secret.reveal().to_owned();
    let (is_sound, said) = tokio::task::spawn_blocking(move || run(address, &secret))
        .await
        .unwrap();
    assert!(is_sound, "{said}");
}
