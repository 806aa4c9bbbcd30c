//! A request as a target is asked it: its head, and whom it comes from.

use http::header::{HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Request};

use crate::content::Outgoing;

/// What the edge itself tells a target, in headers that the head does not have: most requests of a connection are told
/// the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Introduction {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// As HTTP/1.1 has it.
    text: Vec<u8>,
}

impl Introduction {
    pub(crate) fn new(headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        let mut text = Vec::new();
        for (name, value) in &headers {
            line(&mut text, name, value);
        }
        Self { headers, text }
    }
}

/// One request; it is not changed by being sent, so that it can be sent again.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) head: &'a Parts,
    pub(crate) introduction: &'a Introduction,
    /// What this request alone is told.
    pub(crate) own: Option<(&'a HeaderName, &'a HeaderValue)>,
    /// Said where the head names no host.
    pub(crate) authority: &'a HeaderValue,
}

impl Asking<'_> {
    /// Whether the answer has no body, whatever it says.
    pub(super) fn is_bodiless(&self) -> bool {
        self.head.method == Method::HEAD
    }

    /// As HTTP/1.1 has it.
    pub(super) fn write(&self, is_chunked: bool, text: &mut Vec<u8>) {
        let target = self.head.uri.path_and_query();
        let target = target.map_or("/", |target| target.as_str());
        for part in [self.head.method.as_str(), " ", target, " HTTP/1.1\r\n"] {
            text.extend_from_slice(part.as_bytes());
        }
        let headers = &self.head.headers;
        if !headers.contains_key(HOST) {
            line(text, &HOST, self.authority);
        }
        for (name, value) in headers {
            line(text, name, value);
        }
        text.extend_from_slice(&self.introduction.text);
        if let Some((name, value)) = self.own {
            line(text, name, value);
        }
        if is_chunked {
            line(
                text,
                &TRANSFER_ENCODING,
                &HeaderValue::from_static("chunked"),
            );
        }
        text.extend_from_slice(b"\r\n");
    }

    /// As a library has it.
    pub(super) fn request(&self, body: Outgoing) -> Request<Outgoing> {
        let mut head = self.head.clone();
        let told = &self.introduction.headers;
        head.headers.reserve(told.len() + 2);
        if !head.headers.contains_key(HOST) {
            head.headers.insert(HOST, self.authority.clone());
        }
        let told = told.iter().map(|(name, value)| (name, value));
        for (name, value) in told.chain(self.own) {
            head.headers.insert(name, value.clone());
        }
        Request::from_parts(head, body)
    }
}

fn line(text: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    text.extend_from_slice(name.as_str().as_bytes());
    text.extend_from_slice(b": ");
    text.extend_from_slice(value.as_bytes());
    text.extend_from_slice(b"\r\n");
}
