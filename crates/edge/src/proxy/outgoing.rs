//! Receiving a request's body for a target.

use std::sync::Arc;

use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::manner::Manner;
use crate::body::Received;
use crate::content::{Outgoing, Replay};
use crate::error::{self, Refusal};
use crate::exchange::Exchange;

/// Bodies up to this length are received before a target is bothered: they can be sent again, and a slow client
/// holds no connection to it.
const WHOLE: u64 = 64 * 1024;

/// Receives a short body; a long one, one of unknown length, or one that may have trailers is received as it is sent.
pub(super) async fn receive(
    incoming: Incoming,
    exchange: &Arc<Exchange>,
    manner: &Manner,
) -> Result<Outgoing, &'static Refusal> {
    if incoming.is_end_stream() {
        return Ok(Outgoing::Nothing);
    }
    let length = incoming.size_hint().exact();
    let received = Received::new(incoming, Arc::clone(exchange));
    if let Some(trailers) = manner.trailers() {
        let received = received.with(trailers);
        let received = match manner.silence() {
            Some(silence) => received.lasting(silence),
            None => received,
        };
        // A slow client holds up nobody there.
        return Ok(Outgoing::Kept(Replay::new(received.boxed())));
    }
    if length.is_none_or(|length| length > WHOLE) {
        return Ok(Outgoing::Streamed(received.boxed()));
    }
    match received.collect().await {
        Ok(whole) => Ok(Outgoing::Whole(whole.to_bytes())),
        Err(_) => Err(exchange.fault().unwrap_or(&error::CLIENT_LEFT)),
    }
}
