//! Receiving a request's body for a target.

use std::sync::Arc;

use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::body::Received;
use crate::content::Outgoing;
use crate::error::{self, Refusal};
use crate::exchange::Exchange;

/// Bodies up to this length are received before a target is bothered: they can be sent again, and a slow client
/// holds no connection to it.
const WHOLE: u64 = 64 * 1024;

/// Receives a short body; a long one, or one of unknown length, is received as it is sent.
pub(super) async fn receive(
    incoming: Incoming,
    exchange: &Arc<Exchange>,
) -> Result<Outgoing, &'static Refusal> {
    if incoming.is_end_stream() {
        return Ok(Outgoing::Nothing);
    }
    let is_short = incoming
        .size_hint()
        .exact()
        .is_some_and(|length| length <= WHOLE);
    let received = Received::new(incoming, Arc::clone(exchange));
    if !is_short {
        return Ok(Outgoing::Streamed(received.boxed()));
    }
    match received.collect().await {
        Ok(whole) => Ok(Outgoing::Whole(whole.to_bytes())),
        Err(_) => Err(exchange.fault().unwrap_or(&error::CLIENT_LEFT)),
    }
}
