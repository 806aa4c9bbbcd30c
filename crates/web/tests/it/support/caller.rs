//! Somebody who sends requests.

use axum::body::Body;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderName, Method, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;
use traffic::{Client, RequestId};

use super::Answer;

/// Somebody with the headers that they always send, over HTTPS unless said otherwise.
#[derive(Clone)]
pub(crate) struct Caller {
    service: web::Layers,
    headers: Vec<(HeaderName, String)>,
    client: Client,
}

impl Caller {
    pub(crate) fn new(service: &web::Layers) -> Self {
        Self {
            service: service.clone(),
            headers: vec![(HOST, "sekolah.example".to_owned())],
            client: Client {
                address: [192, 0, 2, 1].into(),
                secure: true,
                request_id: RequestId(0xabc),
            },
        }
    }

    /// With one header more, or with another value for one.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let name = HeaderName::from_static(name);
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With one header more beside those of the same name.
    pub(crate) fn another_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers
            .push((HeaderName::from_static(name), value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, secret: &str) -> Self {
        self.header("authorization", &format!("Bearer {secret}"))
    }

    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    /// From another address, or over plain HTTP.
    pub(crate) fn from(mut self, address: &str, secure: bool) -> Self {
        self.client.address = address.parse().unwrap();
        self.client.secure = secure;
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path, Body::empty()))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path, Body::empty()))
            .await
    }

    pub(crate) async fn bare(&self, method: &str, path: &str) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.send(self.request(method, path, Body::empty())).await
    }

    pub(crate) async fn post(&self, path: &str, json: &Value) -> Answer {
        self.send_as(Method::POST, path, "application/json", json.to_string())
            .await
    }

    pub(crate) async fn patch(&self, path: &str, json: &Value) -> Answer {
        self.send_as(
            Method::PATCH,
            path,
            "application/merge-patch+json",
            json.to_string(),
        )
        .await
    }

    /// A body of whatever type.
    pub(crate) async fn send_as(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = self.request(method, path, body.into());
        if !kind.is_empty() {
            request
                .headers_mut()
                .insert(CONTENT_TYPE, kind.parse().unwrap());
        }
        self.send(request).await
    }

    fn request(&self, method: Method, path: &str, body: Body) -> Request<Body> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(self.client);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body).unwrap()
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.service.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }
}
