//! Headers between the client and a target: whom the request comes from, and what concerns one connection only.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, FORWARDED, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::content::Outgoing;
use crate::exchange::Exchange;
use crate::headers::{Present, has_private, strip};
use crate::hops;
use crate::upstream::{self, Introduction};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");
const PANIC: HeaderName = HeaderName::from_static("x-upstream-panic");
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// What a trusted proxy said of those before it; read before the gate takes such headers out.
#[derive(Debug, Default)]
pub(crate) struct Told {
    forwarded_for: String,
    forwarded: String,
    host: Option<HeaderValue>,
}

impl Told {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        Self {
            forwarded_for: joined(headers, &FORWARDED_FOR, |_| true),
            // A quote that is not closed would take what we know ourselves in.
            forwarded: joined(headers, &FORWARDED, |line| hops::read(line).is_some()),
            host: headers.get(FORWARDED_HOST).cloned(),
        }
    }
}

fn joined(headers: &HeaderMap, name: &HeaderName, is_good: impl Fn(&[u8]) -> bool) -> String {
    let lines: Vec<_> = headers
        .get_all(name)
        .iter()
        .filter(|value| is_good(value.as_bytes()))
        .filter_map(|value| value.to_str().ok())
        .collect();
    lines.join(", ")
}

/// Tells the target whom the request comes from. Nothing the client wrote is left by then; what a trusted proxy
/// wrote goes before what we know ourselves, which is written once for each connection as long as it asks for one host.
pub(crate) fn introduction<'a>(
    head: &Parts,
    exchange: &'a Exchange,
    told: Option<&Told>,
) -> Cow<'a, Introduction> {
    let host = head.headers.get(HOST);
    if told.is_some() {
        return Cow::Owned(introduce(host, exchange, told));
    }
    let (first, written) = exchange.link.introduced.get_or_init(|| {
        // Copied, since the client's own bytes would be kept as long as the connection.
        let host = host.and_then(|host| HeaderValue::from_bytes(host.as_bytes()).ok());
        let written = introduce(host.as_ref(), exchange, told);
        (host, written)
    });
    if first.as_ref() == host {
        Cow::Borrowed(written)
    } else {
        Cow::Owned(introduce(host, exchange, told))
    }
}

fn introduce(host: Option<&HeaderValue>, exchange: &Exchange, told: Option<&Told>) -> Introduction {
    let (client, peer) = (&exchange.client, exchange.link.peer);
    let proto = if client.secure { "https" } else { "http" };
    let (address, own) = (peer.to_string(), element(peer, host, proto));
    let (for_value, forwarded) = match told {
        None => (address, own),
        Some(told) => (
            appended(&told.forwarded_for, &address),
            appended(&told.forwarded, &own),
        ),
    };
    let told_host = told.and_then(|told| told.host.as_ref());
    let lines = [
        (
            REAL_IP,
            HeaderValue::try_from(client.address.to_string()).ok(),
        ),
        (FORWARDED_FOR, HeaderValue::try_from(for_value).ok()),
        (FORWARDED_PROTO, Some(HeaderValue::from_static(proto))),
        (FORWARDED_HOST, told_host.or(host).cloned()),
        (FORWARDED, HeaderValue::try_from(forwarded).ok()),
    ];
    let lines = lines.into_iter();
    Introduction::new(
        lines
            .filter_map(|(name, value)| Some((name, value?)))
            .collect(),
    )
}

/// States the body's length as one number, and none where there is no body. Says how long the connection may rest
/// afterwards, if that is known: not at all after the body of a `GET`, which a target that passes over it must not
/// take for the next request.
pub(crate) fn frame(head: &mut Parts, present: Present, body: &Outgoing) -> Option<Duration> {
    let is_bodiless = matches!(head.method, Method::GET | Method::HEAD);
    match body {
        Outgoing::Nothing if is_bodiless => {
            if present.has(&CONTENT_LENGTH) {
                head.headers.remove(CONTENT_LENGTH);
            }
            return None;
        }
        // Frames of HTTP/2 tell where it ends.
        Outgoing::Kept(_) => return None,
        Outgoing::Nothing | Outgoing::Streamed(_) => {}
        Outgoing::Whole(bytes) => {
            head.headers.insert(CONTENT_LENGTH, bytes.len().into());
        }
    }
    if is_bodiless {
        let close = HeaderValue::from_static("close");
        head.headers.insert(CONNECTION, close);
    }
    is_bodiless.then_some(Duration::ZERO)
}

fn appended(before: &str, own: &str) -> String {
    if before.trim().is_empty() {
        own.to_owned()
    } else {
        format!("{before}, {own}")
    }
}

/// One hop as RFC 7239 writes it: IPv6 in brackets, and whatever holds a colon in quotes.
fn element(peer: IpAddr, host: Option<&HeaderValue>, proto: &str) -> String {
    let mut text = String::with_capacity(64);
    // Writing to a string does not fail.
    let _ = match peer {
        IpAddr::V4(address) => write!(text, "for={address}"),
        IpAddr::V6(address) => write!(text, "for=\"[{address}]\""),
    };
    // The gate let only letters, digits, `.`, `-`, `_`, `:` and brackets through.
    if let Some(host) = host.and_then(|host| host.to_str().ok()) {
        let is_token = !host.contains([':', '[']);
        let quote = if is_token { "" } else { "\"" };
        let _ = write!(text, ";host={quote}{host}{quote}");
    }
    let _ = write!(text, ";proto={proto}");
    text
}

/// Says that the answer comes from a target that is held for down, because all of the upstream's are.
pub(crate) fn tell_panic(headers: &mut HeaderMap, upstream: &str) {
    // The name has plain characters only.
    if let Ok(name) = HeaderValue::from_str(upstream) {
        headers.insert(PANIC, name);
    }
}

/// Takes out of an answer's head what concerns the connection to the target; says how long the target keeps it.
/// Its connection has seen to it that there is one reading of where the body ends.
pub(crate) fn back(headers: &mut HeaderMap) -> Option<Duration> {
    let is_repeated = headers.keys_len() < headers.len();
    if is_repeated && let Some(length) = headers.get(CONTENT_LENGTH).cloned() {
        headers.insert(CONTENT_LENGTH, length);
    }
    if !has_private(headers) {
        return None;
    }
    let stated = headers
        .get(KEEP_ALIVE)
        .and_then(|value| upstream::stated(value.as_bytes()));
    strip(headers);
    stated
}

#[cfg(test)]
mod tests;
