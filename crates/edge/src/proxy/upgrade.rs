//! Leaving HTTP: what a client asks for, what a target is asked, and whether its answer is the consent to that.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::request::Parts;
use http::response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use hyper::upgrade::OnUpgrade;
use tokio::time::sleep;

use crate::exchange::Exchange;

const WEBSOCKET: &str = "websocket";
/// How often it is looked whether an answer has gone.
const LOOK: Duration = Duration::from_millis(250);

/// What a client asks for.
pub(crate) enum Wish {
    /// HTTP/1.1: one of these protocols (RFC 9110 §7.8).
    Upgrade(HeaderValue),
    /// HTTP/2: a WebSocket on this stream (RFC 8441).
    Stream(OnUpgrade),
}

/// A wish as one target was asked for it.
pub(super) struct Asked {
    wish: Wish,
    /// What the target must answer to the key that the edge made.
    accept: Option<HeaderValue>,
}

/// A target's consent.
pub(super) struct Granted {
    chosen: HeaderValue,
    /// The client's stream, where it is one of many on its connection.
    pub(super) client: Option<OnUpgrade>,
}

/// What was answered before has gone: hyper hands a connection over with nothing left to write.
pub(super) async fn settled(exchange: &Exchange) {
    // The watchdog ends a connection that stays so.
    while exchange.link.pulse.blocked_since().is_some() {
        sleep(LOOK).await;
    }
}

impl Wish {
    /// Reads it before the head is given its plain form, which speaks of nothing but requests and answers.
    pub(crate) fn read(head: &mut Parts) -> Option<Self> {
        // hyper puts it there when it can hand the connection or the stream over.
        let handover = head.extensions.remove::<OnUpgrade>()?;
        if head.version == Version::HTTP_2 {
            return (head.method == Method::CONNECT).then_some(Self::Stream(handover));
        }
        let has_word =
            words(&head.headers, &CONNECTION).any(|word| word.eq_ignore_ascii_case("upgrade"));
        let protocols: Vec<_> = words(&head.headers, &UPGRADE)
            .filter(|protocol| is_passed(protocol))
            .collect();
        if !has_word || protocols.is_empty() {
            return None;
        }
        HeaderValue::try_from(protocols.join(", "))
            .ok()
            .map(Self::Upgrade)
    }

    /// Whether it can't be passed over, as an `Upgrade` can.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self, Self::Stream(_))
    }

    /// Puts it into the request for a target.
    pub(super) fn ask(self, head: &mut Parts) -> Asked {
        let mut accept = None;
        let protocols = match &self {
            Self::Upgrade(protocols) => protocols.clone(),
            Self::Stream(_) => {
                head.method = Method::GET;
                let key = key();
                accept = HeaderValue::try_from(answer_to(&key)).ok();
                if let Ok(key) = HeaderValue::try_from(key) {
                    head.headers.insert(SEC_WEBSOCKET_KEY, key);
                }
                let version = head.headers.entry(SEC_WEBSOCKET_VERSION);
                version.or_insert(HeaderValue::from_static("13"));
                HeaderValue::from_static(WEBSOCKET)
            }
        };
        head.headers.insert(UPGRADE, protocols);
        head.headers
            .insert(CONNECTION, HeaderValue::from_static("upgrade"));
        Asked { wish: self, accept }
    }
}

/// Protocols that are other ways to send requests would carry them past the gate.
fn is_passed(protocol: &str) -> bool {
    let name = protocol.split('/').next().unwrap_or_default();
    !["h2c", "http", "tls"]
        .iter()
        .any(|own| name.eq_ignore_ascii_case(own))
}

fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

impl Asked {
    /// Whether the client's stream must not be told of a success that hands nothing over.
    pub(super) fn is_stream(&self) -> bool {
        self.wish.is_stream()
    }

    /// Whether the answer's head, with status 101, consents to what was asked, and to nothing else.
    fn is_granted(&self, headers: &HeaderMap) -> bool {
        let mut chosen = words(headers, &UPGRADE).peekable();
        if chosen.peek().is_none() {
            return false;
        }
        match &self.wish {
            Wish::Upgrade(protocols) => {
                let asked = protocols.to_str().unwrap_or_default();
                chosen.all(|one| {
                    asked
                        .split(", ")
                        .any(|other| other.eq_ignore_ascii_case(one))
                })
            }
            Wish::Stream(_) => {
                chosen.all(|one| one.eq_ignore_ascii_case(WEBSOCKET))
                    && headers.get(SEC_WEBSOCKET_ACCEPT) == self.accept.as_ref()
            }
        }
    }

    /// The consent in the head of an answer with status 101, if it is one.
    pub(super) fn granted(self, head: &response::Parts) -> Option<Granted> {
        if !self.is_granted(&head.headers) {
            return None;
        }
        let client = match self.wish {
            Wish::Upgrade(_) => None,
            Wish::Stream(stream) => Some(stream),
        };
        Some(Granted {
            chosen: head.headers.get(UPGRADE)?.clone(),
            client,
        })
    }
}

impl Granted {
    pub(super) fn is_websocket(&self) -> bool {
        self.chosen
            .as_bytes()
            .eq_ignore_ascii_case(WEBSOCKET.as_bytes())
    }

    /// Passes the consent on in the words of the client's protocol.
    pub(super) fn tell(&self, head: &mut response::Parts) {
        let headers = &mut head.headers;
        headers.remove(CONTENT_LENGTH);
        if self.client.is_some() {
            head.status = StatusCode::OK;
            headers.remove(SEC_WEBSOCKET_ACCEPT);
        } else {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, self.chosen.clone());
        }
    }
}

/// A key of 16 random bytes; it proves that the answer is to this request, and is no secret.
fn key() -> String {
    let mut bytes = [0; 16];
    // Without random numbers there is no TLS either, and so no HTTP/2.
    let _ = getrandom::fill(&mut bytes);
    STANDARD.encode(bytes)
}

/// RFC 6455 §4.2.2.
fn answer_to(key: &str) -> String {
    let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    STANDARD.encode(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_answered_as_the_rfc_shows() {
        assert_eq!(
            answer_to("dGhlIHNhbXBsZSBub25jZQ=="),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
        assert_ne!(key(), key());
    }

    #[test]
    fn other_ways_to_send_requests_are_not_passed() {
        for protocol in ["h2c", "H2C", "HTTP/2.0", "http", "TLS/1.2"] {
            assert!(!is_passed(protocol), "{protocol}");
        }
        for protocol in ["websocket", "WebSocket", "tunnel/1", "h2cx"] {
            assert!(is_passed(protocol), "{protocol}");
        }
    }

    #[test]
    fn only_what_was_asked_for_is_granted() {
        let asked = Asked {
            wish: Wish::Upgrade(HeaderValue::from_static("websocket, echo/1")),
            accept: None,
        };
        for (answer, is_granted) in [
            (None, false),
            (Some(""), false),
            (Some("WebSocket"), true),
            (Some("echo/1"), true),
            (Some("echo/1, websocket"), true),
            (Some("echo"), false),
            (Some("websocket, irc"), false),
        ] {
            let mut headers = HeaderMap::new();
            answer.map(|answer| headers.insert(UPGRADE, HeaderValue::from_static(answer)));
            assert_eq!(asked.is_granted(&headers), is_granted, "{answer:?}");
        }
    }
}
