//! Bytes between a client and a target that have left HTTP, until one of them or the edge has had enough.

mod flow;
mod frames;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::ReadBuf;
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::passing::Lease;
use super::upgrade::Granted;
use crate::drain::Open;
use crate::error;
use crate::exchange::TunnelEnding;
use crate::switch::{Client, Duplex};
use flow::{Broken, Flow};

/// How long both ends have to take the edge's leave, and how long what they still send is read and dropped.
const FAREWELL: Duration = Duration::from_millis(400);

/// A target that has consented to leave HTTP, before its client has.
pub(super) struct Tunnel {
    ending: TunnelEnding,
    lease: Lease,
    is_websocket: bool,
}

/// Why a tunnel ends.
enum End {
    /// Both ends have said all they had to say.
    Closed,
    Client,
    Target,
    Idle,
    Drain,
    Banned,
}

impl Tunnel {
    /// Begins once the client has been told of the target's consent.
    pub(super) fn begin(granted: Granted, lease: Lease) {
        let is_websocket = granted.is_websocket();
        let exchange = Arc::clone(&lease.exchange);
        let tunnel = Self {
            ending: TunnelEnding::new(&exchange),
            lease,
            is_websocket,
        };
        if let Some(stream) = granted.client {
            tokio::spawn(tunnel.over(stream));
        } else if let Some(switch) = exchange.link.switch.upgrade() {
            switch.put(Box::new(|client| Box::pin(tunnel.run(client))));
        }
    }

    /// Over one stream of a connection.
    async fn over(self, stream: OnUpgrade) {
        // A client that is gone is noted as the tunnel is dropped.
        if let Ok(stream) = stream.await {
            let client = Client {
                stream: Box::new(TokioIo::new(stream)),
                ahead: Bytes::new(),
            };
            self.run(client).await;
        }
    }

    /// Passes bytes both ways until the end; safe to drop, which closes both connections.
    async fn run(self, client: Client) {
        let Self {
            ending,
            mut lease,
            is_websocket,
        } = self;
        let desk = Arc::clone(&ending.0.link.desk);
        let open = desk.drain.tunnel();
        let _counted = lease.upstream.counts.tunnel();
        if let Some((target, ahead)) = lease.channel.leave_http() {
            let mut pair = Pair {
                client: client.stream,
                target: Box::new(target),
                onward: Flow::new(client.ahead, is_websocket),
                back: Flow::new(ahead, is_websocket),
                ending: &ending,
                told: (0, 0),
            };
            let end = pair
                .pass(&open, lease.upstream.config.stream_idle.duration())
                .await;
            pair.finish(end, &lease).await;
        }
    }
}

/// Both ends and what is on its way between them.
struct Pair<'a> {
    client: Box<dyn Duplex>,
    target: Box<dyn Duplex>,
    onward: Flow,
    back: Flow,
    ending: &'a TunnelEnding,
    /// What the record knows of: bytes in and out.
    told: (u64, u64),
}

impl Pair<'_> {
    async fn pass(&mut self, open: &Open<'_>, idle: Duration) -> End {
        let mut silence = Box::pin(sleep(idle));
        let ending = self.ending;
        let passing = poll_fn(|cx| self.poll(cx, &mut silence, idle));
        tokio::select! {
            end = passing => end,
            () = open.is_over() => End::Drain,
            () = open.comes_true(|| ending.0.is_banned()) => End::Banned,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        silence: &mut Pin<Box<Sleep>>,
        idle: Duration,
    ) -> Poll<End> {
        let outcome = self.poll_flows(cx);
        if self.tell() {
            silence.as_mut().reset(Instant::now() + idle);
        }
        if outcome.is_ready() {
            return outcome;
        }
        silence.as_mut().poll(cx).map(|()| End::Idle)
    }

    fn poll_flows(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let onward = self.onward.poll(cx, &mut *self.client, &mut *self.target);
        let back = self.back.poll(cx, &mut *self.target, &mut *self.client);
        match (onward, back) {
            (Poll::Ready(Err(Broken::Reading)), _) | (_, Poll::Ready(Err(Broken::Writing))) => {
                Poll::Ready(End::Client)
            }
            (Poll::Ready(Err(Broken::Writing)), _) | (_, Poll::Ready(Err(Broken::Reading))) => {
                Poll::Ready(End::Target)
            }
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(End::Closed),
            _ => Poll::Pending,
        }
    }

    /// Counts what has passed; true if anything has.
    fn tell(&mut self) -> bool {
        let passed = (self.onward.passed, self.back.passed);
        let (before_in, before_out) = std::mem::replace(&mut self.told, passed);
        let exchange = &self.ending.0;
        exchange.received(usize::try_from(passed.0 - before_in).unwrap_or(usize::MAX));
        exchange.sent(usize::try_from(passed.1 - before_out).unwrap_or(usize::MAX));
        passed != (before_in, before_out)
    }

    async fn finish(&mut self, end: End, lease: &Lease) {
        let exchange = &self.ending.0;
        match end {
            End::Closed => {}
            End::Client => {
                exchange.because(error::CLIENT_LEFT.cause);
                // What ended without a word on one side shall not look like a good end on the other.
                lease.channel.reset();
            }
            End::Target => {
                exchange.because(error::TRUNCATED.cause);
                lease.upstream.counts.failed(&error::TRUNCATED);
            }
            End::Idle => {
                exchange.because(error::IDLE_TIMEOUT.cause);
                self.leave().await;
            }
            End::Drain => {
                exchange.because("drain");
                self.leave().await;
            }
            End::Banned => {
                exchange.because(error::BANNED.cause);
                self.leave().await;
            }
        }
    }

    /// Takes leave of both ends, then reads what they still send: closing at once would reset the connections
    /// before the last words are read.
    async fn leave(&mut self) {
        self.onward.leave(&frames::leave_to_target());
        self.back.leave(frames::LEAVE_TO_CLIENT);
        let farewell = async {
            poll_fn(|cx| {
                let end = self.poll_flows(cx);
                self.tell();
                end
            })
            .await;
            tokio::join!(silenced(&mut *self.client), silenced(&mut *self.target));
        };
        // Whoever has not listened by then won't.
        let _ = timeout(FAREWELL, farewell).await;
    }
}

/// Reads and drops what comes until the other end has closed.
async fn silenced(stream: &mut dyn Duplex) {
    let mut part = [0; 1024];
    poll_fn(|cx| {
        loop {
            let mut buffer = ReadBuf::new(&mut part);
            match Pin::new(&mut *stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Pending => return Poll::Pending,
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
    })
    .await;
}
