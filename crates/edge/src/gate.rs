//! The strict gate: what a request's head must be before anything acts on it.
//!
//! hyper refuses what no parser may accept; this refuses what two parsers might read differently.

mod framing;
mod host;
mod target;

use http::Method;
use http::request::Parts;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::ext::Protocol;

use crate::error::{self, Refusal};
use crate::exchange::Exchange;
use crate::headers::Present;
use crate::link::Session;

/// More headers than this are refused; hyper does so on HTTP/1.
const MOST_HEADERS: usize = 100;

/// What the gate knows beside the head.
pub(crate) struct Door<'a> {
    pub(crate) session: Option<&'a Session>,
    pub(crate) has_body: bool,
    pub(crate) present: Present,
    pub(crate) target_most: usize,
}

impl<'a> Door<'a> {
    pub(crate) fn of(exchange: &'a Exchange, incoming: &Incoming) -> Self {
        let target_most = exchange.rules.config.request.target.len();
        Self {
            session: exchange.link.tls.as_ref(),
            has_body: !incoming.is_end_stream(),
            present: exchange.present,
            target_most,
        }
    }
}

/// Whether the request may go on; the first rule it breaks decides.
pub(crate) fn check(head: &Parts, door: &Door<'_>) -> Result<(), &'static Refusal> {
    method(head)?;
    target::check(head, door.target_most)?;
    if head.headers.len() > MOST_HEADERS {
        return Err(&error::TOO_MANY_HEADERS);
    }
    let authority = host::authority(head)?;
    framing::check(head, door)?;
    match door.session {
        Some(session) => host::served_by(authority, session),
        None => Ok(()),
    }
}

/// `/health`, which is never limited.
pub(crate) fn is_health(head: &Parts) -> bool {
    head.uri.path() == "/health" && matches!(head.method, Method::GET | Method::HEAD)
}

fn method(head: &Parts) -> Result<(), &'static Refusal> {
    match head.method {
        Method::TRACE => Err(&error::METHOD),
        // RFC 8441: it asks for a WebSocket at a path of ours, not for a way to somewhere else.
        Method::CONNECT => match head.extensions.get::<Protocol>() {
            Some(protocol) if protocol.as_str() == "websocket" => Ok(()),
            Some(_) => Err(&error::PROTOCOL),
            None => Err(&error::METHOD),
        },
        _ => Ok(()),
    }
}
