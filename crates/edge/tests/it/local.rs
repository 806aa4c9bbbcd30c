//! The service behind the edge under test.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use edge::{Body, BoxError, LocalService};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, Full};
use serde_json::json;
use tokio::sync::Semaphore;
use tower::service_fn;
use traffic::Client;

/// Answers by path: `/echo` what was received, `/big/N` that many bytes, `/wait` when the test lets it,
/// `/page` a page of 3,000 letters, `/discard` with the body's length, `/unread` without reading, `/own` with headers of its own, `/panic` never; else `hello`.
pub(crate) fn answering(service: Arc<Service>) -> LocalService {
    LocalService::new(service_fn(move |request: Request<Body>| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(answer(request, &service).await) }
    }))
}

/// The service's side of a test.
pub(crate) struct Service {
    /// Requests to `/wait` are answered as permits are added.
    pub(crate) permits: Semaphore,
    arrived: AtomicUsize,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            permits: Semaphore::new(0),
            arrived: AtomicUsize::new(0),
        }
    }
}

impl Service {
    /// How many requests to `/wait` have ever arrived.
    pub(crate) fn arrived(&self) -> usize {
        self.arrived.load(Ordering::Relaxed)
    }

    async fn wait(&self) {
        self.arrived.fetch_add(1, Ordering::Relaxed);
        self.permits.acquire().await.unwrap().forget();
    }
}

async fn answer(request: Request<Body>, service: &Service) -> Response<Body> {
    match request.uri().path() {
        "/echo" => echo(request).await,
        "/wait" => {
            service.wait().await;
            text("waited")
        }
        "/discard" => discard(request).await,
        "/unread" => text("unread"),
        "/own" => own(),
        "/page" => page(),
        "/panic" => panic!("asked to"),
        path => match path
            .strip_prefix("/big/")
            .and_then(|size| size.parse().ok())
        {
            Some(left) => Response::new(Body::new(Zeros { left })),
            None => text("hello"),
        },
    }
}

async fn echo(request: Request<Body>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let client = head
        .extensions
        .get::<Client>()
        .expect("the edge names the client");
    let headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    let body = match body.collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        Err(error) => format!("failed: {error}"),
    };
    let seen = json!({
        "method": head.method.as_str(),
        "target": head.uri.to_string(),
        "version": format!("{:?}", head.version),
        "headers": headers,
        "body": body,
        "address": client.address,
        "secure": client.secure,
        "id": client.request_id.to_string(),
    });
    text(seen.to_string())
}

async fn discard(request: Request<Body>) -> Response<Body> {
    let mut body = request.into_body();
    let mut count = 0;
    while let Some(Ok(frame)) = body.frame().await {
        count += frame.data_ref().map_or(0, Bytes::len);
    }
    text(count.to_string())
}

fn own() -> Response<Body> {
    let mut response = text("own");
    *response.status_mut() = StatusCode::IM_A_TEAPOT;
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("server", "gossip"),
        ("content-security-policy", "default-src 'none'"),
    ] {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn page() -> Response<Body> {
    let mut response = text("a".repeat(3000));
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("text/html"));
    headers.insert("etag", HeaderValue::from_static("\"page\""));
    response
}

fn text(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(
        Full::new(text.into())
            .map_err(|never| match never {})
            .boxed_unsync(),
    )
}

/// So many zero bytes, 64 KiB at a time.
struct Zeros {
    left: usize,
}

impl http_body::Body for Zeros {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
        let count = self.left.min(ZEROS.len());
        self.left -= count;
        Poll::Ready((count > 0).then(|| Ok(Frame::data(Bytes::from_static(&ZEROS[..count])))))
    }
}
