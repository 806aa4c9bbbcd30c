//! Handing a request to an upstream: which target, over which connection, how often, and what the client is told.

mod headers;
mod manner;
mod outgoing;
mod passing;
mod said;
mod tunnel;
mod upgrade;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use http::header::EXPECT;
use http::request::Parts;
use http::response;
use http::{Response, StatusCode, Version};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::content::{Body, Nothing, Outgoing, Whole};
use crate::error::{self, Refusal};
use crate::exchange::Exchange;
use crate::headers::X_REQUEST_ID;
use crate::patience::Patience;
use crate::upstream::{
    Arriving, Asking, Care, Channel, Failure, Flight, Introduction, Picked, Target, Unreachable,
    Upstream,
};
use manner::Manner;
use passing::{Lease, Passing};
use tunnel::Tunnel;
use upgrade::Asked;

pub(crate) use said::Said;

/// How often a request that waits looks for a target.
const LOOK: Duration = Duration::from_millis(250);

/// Hands the request over and waits for the head of the answer.
pub(crate) async fn forward(
    exchange: &Arc<Exchange>,
    upstream: &Arc<Upstream>,
    (head, incoming): (&mut Parts, Incoming),
    said: Said,
) -> Result<Response<Body>, &'static Refusal> {
    if exchange.present.has(&EXPECT) {
        head.headers.remove(EXPECT);
    }
    let introduction = headers::introduction(head, exchange, said.told.as_ref());
    let manner = Manner::of(&upstream.config, &head.headers);
    let body = outgoing::receive(incoming, exchange, &manner).await?;
    let rest = headers::frame(head, exchange.present, &body);
    let asked = said.ask(head, &manner)?;
    upstream.budget.request();
    let mut errand = Errand {
        exchange,
        upstream,
        manner,
        asked,
        rest,
        is_harmless: head.method.is_idempotent(),
        is_kept: manner.is_http2() || head.method.is_idempotent() && body.again().is_some(),
        head,
        introduction: &introduction,
        body: Some(body),
        tried: Vec::new(),
        must_dial: false,
        repeats: 0,
        gives_up: None,
        last: None,
    };
    let response = errand.run().await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        upgrade::settled(exchange).await;
    }
    Ok(response)
}

/// One request and what happened to it so far.
struct Errand<'a> {
    exchange: &'a Arc<Exchange>,
    upstream: &'a Arc<Upstream>,
    manner: Manner,
    /// Another protocol that the client wants to speak from now on.
    asked: Option<Asked>,
    /// How long its connection may rest afterwards, where that is not for the target to say.
    rest: Option<Duration>,
    /// Doing it twice does no harm.
    is_harmless: bool,
    /// What is sent is a copy, so that it can be sent again.
    is_kept: bool,
    head: &'a mut Parts,
    introduction: &'a Introduction,
    /// Absent only while it is being sent, or when it is gone for good.
    body: Option<Outgoing>,
    tried: Vec<Arc<Target>>,
    /// A connection that had rested turned out to be closed: the next one shall be new.
    must_dial: bool,
    repeats: u32,
    gives_up: Option<Instant>,
    last: Option<&'static Refusal>,
}

/// What came of one try.
enum Outcome {
    Answered(Response<Body>),
    Again,
    Failed(&'static Refusal),
}

impl Errand<'_> {
    async fn run(&mut self) -> Result<Response<Body>, &'static Refusal> {
        loop {
            let Picked { flight, is_panic } = self.pick().await?;
            if is_panic {
                self.upstream.counts.panics.inc();
            }
            self.exchange.asks(flight.target());
            match self.attempt(flight).await {
                Outcome::Again => {}
                Outcome::Failed(refusal) => return Err(refusal),
                Outcome::Answered(mut response) if is_panic => {
                    headers::tell_panic(response.headers_mut(), &self.upstream.name);
                    return Ok(response);
                }
                Outcome::Answered(response) => return Ok(response),
            }
        }
    }

    /// The next target; waits for one when all were tried in vain.
    async fn pick(&mut self) -> Result<Picked, &'static Refusal> {
        loop {
            if let Some(picked) = self
                .upstream
                .pick(self.exchange.client.address, &self.tried)
            {
                return Ok(picked);
            }
            let is_unknown = self.upstream.is_empty();
            let why = self.last.unwrap_or(if is_unknown {
                &error::DNS
            } else {
                &error::NO_HEALTHY
            });
            let now = Instant::now();
            let wait = self.upstream.config.wait.duration();
            let gives_up = *self.gives_up.get_or_insert(now + wait);
            if now >= gives_up {
                self.upstream.counts.failed(why);
                return Err(why);
            }
            let waiting = self.upstream.wait().ok_or(&error::UPSTREAM_BUSY)?;
            // Both a change and the time are reasons to look again.
            let _ = timeout_at(gives_up.min(now + LOOK), waiting.changed()).await;
            self.tried.clear();
        }
    }

    async fn attempt(&mut self, flight: Flight) -> Outcome {
        let (upstream, target) = (self.upstream, flight.target());
        let pools = &self.exchange.link.desk.pools;
        let rested = if self.must_dial {
            None
        } else {
            let care = if self.is_harmless {
                Care::Little
            } else {
                Care::Much
            };
            pools.take(target, care, upstream.clock.now())
        };
        let is_fresh = rested.is_none();
        let channel = match rested {
            Some(channel) => channel,
            None => match self.dial(target).await {
                Some(channel) => channel,
                None => return Outcome::Again,
            },
        };
        let Some(body) = self.body() else {
            return Outcome::Failed(self.last.unwrap_or(&error::UPSTREAM_CLOSED));
        };
        let lease = Lease {
            channel,
            flight,
            upstream: Arc::clone(upstream),
            exchange: Arc::clone(self.exchange),
        };
        self.send(lease, body, is_fresh).await
    }

    async fn dial(&mut self, target: &Arc<Target>) -> Option<Channel> {
        let within = self.upstream.config.connect_timeout.duration();
        let pools = &self.exchange.link.desk.pools;
        match pools.open(target, self.upstream.clock, within).await {
            Ok((channel, is_new)) => {
                if is_new {
                    self.upstream.counts.connections.inc();
                }
                Some(channel)
            }
            Err(why) => {
                self.unreachable(target, &why);
                None
            }
        }
    }

    fn unreachable(&mut self, target: &Arc<Target>, why: &Unreachable) {
        let refusal = match why {
            Unreachable::Connect(_) => &error::CONNECT,
            Unreachable::Tls(_) => &error::TLS,
            Unreachable::Timeout => &error::CONNECT_TIMEOUT,
        };
        tracing::debug!(target = %target.label, %why, "a target can't be reached");
        self.last = Some(refusal);
        self.upstream.counts.failed(refusal);
        self.upstream.failed(target);
        self.exchange.failed_at(target, refusal);
        self.tried.push(Arc::clone(target));
    }

    /// The body to send now; a copy if it may have to be sent again.
    fn body(&mut self) -> Option<Outgoing> {
        if self.is_kept {
            self.body.as_ref()?.again()
        } else {
            self.body.take()
        }
    }

    async fn send(&mut self, mut lease: Lease, body: Outgoing, is_fresh: bool) -> Outcome {
        let asking = Asking {
            head: self.head,
            introduction: self.introduction,
            own: Some((&X_REQUEST_ID, self.exchange.name())),
            authority: &lease.flight.target().authority,
        };
        let mut patience = lease.channel.patience();
        let sending = lease.channel.send(&asking, body);
        let outcome = self.within_time(&mut patience, sending).await;
        lease.channel.keeps(patience);
        match outcome {
            None => self.silent(&lease),
            Some(Ok(response)) => {
                self.upstream.counts.requests.inc();
                let target = lease.flight.target();
                target.answered();
                if is_fresh {
                    target.is_back(self.upstream.clock.now());
                }
                self.answer(lease, response)
            }
            Some(Err(failure)) => self.broken(&lease, failure, is_fresh),
        }
    }

    /// Waits for the head of the answer; the time begins anew while the client's body still moves.
    async fn within_time<T>(
        &self,
        patience: &mut Patience,
        sending: impl Future<Output = T>,
    ) -> Option<T> {
        let usual = self.upstream.config.head_timeout.duration();
        let span = self.manner.silence().unwrap_or(usual);
        let mut until = Instant::now() + span;
        let mut moved = self.exchange.bytes_in();
        let mut sending = pin!(sending);
        poll_fn(|cx| {
            if let Poll::Ready(outcome) = sending.as_mut().poll(cx) {
                return Poll::Ready(Some(outcome));
            }
            ready!(patience.poll(cx, until));
            let before = std::mem::replace(&mut moved, self.exchange.bytes_in());
            if before == moved {
                return Poll::Ready(None);
            }
            until = Instant::now() + span;
            patience.poll(cx, until).map(|()| None)
        })
        .await
    }

    /// The target did not begin to answer in time. A call may last, and whoever is slow to send makes it wait.
    fn silent(&self, lease: &Lease) -> Outcome {
        let is_whole = matches!(self.body, Some(Outgoing::Nothing | Outgoing::Whole(_)));
        if is_whole && self.manner.silence().is_none() {
            self.upstream.failed(lease.flight.target());
        }
        self.fail(&error::ANSWER_TIMEOUT)
    }

    fn fail(&self, refusal: &'static Refusal) -> Outcome {
        self.upstream.counts.failed(refusal);
        Outcome::Failed(refusal)
    }

    /// The connection failed before the head of an answer was there.
    fn broken(&mut self, lease: &Lease, failure: Failure, is_fresh: bool) -> Outcome {
        let target = lease.flight.target();
        if let Failure::Unsent(body) = failure {
            // Nothing of it left this process.
            if !self.is_kept {
                self.body = Some(body);
            }
            if is_fresh {
                self.unreachable(
                    target,
                    &Unreachable::Connect(std::io::ErrorKind::ConnectionReset.into()),
                );
            }
            self.must_dial = true;
            return Outcome::Again;
        }
        if let Some(fault) = self.exchange.fault() {
            return Outcome::Failed(fault);
        }
        if let Failure::Malformed(malformed) = failure {
            return self.fail(malformed.refusal());
        }
        tracing::debug!(target = %target.label, "a target gave no answer");
        let is_untouched = lease.channel.is_untouched();
        let is_unprocessed = matches!(failure, Failure::Unprocessed);
        if is_fresh && is_untouched && lease.channel.is_own() {
            self.upstream.failed(target);
        }
        if is_fresh && !is_unprocessed {
            self.tried.push(Arc::clone(target));
        }
        // A target that takes a new connection and closes it would only do so again.
        let has_way = is_unprocessed || !is_fresh || self.upstream.has_choice_beside(&self.tried);
        let is_safe = is_unprocessed || self.is_harmless && is_untouched;
        let may_repeat = self.is_kept && is_safe && has_way && self.repeats < 2;
        if !(may_repeat && self.upstream.budget.retry()) {
            return self.fail(&error::UPSTREAM_CLOSED);
        }
        self.repeats += 1;
        self.upstream.counts.retries.inc();
        self.last = Some(&error::UPSTREAM_CLOSED);
        self.exchange.failed_at(target, &error::UPSTREAM_CLOSED);
        // A connection that refused one stream may well take another.
        self.must_dial = !is_unprocessed;
        Outcome::Again
    }

    fn answer(&mut self, mut lease: Lease, response: Response<Arriving>) -> Outcome {
        let (mut head, arriving) = response.into_parts();
        // Nothing is sent again from here on.
        lease.channel.reuse(std::mem::take(&mut self.head.headers));
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return self.switch(lease, head);
        }
        let is_stream = self.asked.as_ref().is_some_and(Asked::is_stream);
        if is_stream && head.status.is_success() {
            // The client would take it for the consent that it is not.
            return self.fail(&error::BAD_RESPONSE);
        }
        // The target's version is a matter of its own connection.
        head.version = Version::HTTP_11;
        let stated = headers::back(&mut head.headers);
        if let Some(stated) = self.rest.or(stated) {
            lease.channel.is_kept_for(stated);
        }
        let body = match arriving {
            Arriving::Nothing => {
                lease.release();
                Body::new(Nothing)
            }
            Arriving::Whole(bytes) => {
                lease.release();
                Body::new(Whole(bytes))
            }
            Arriving::OverLine | Arriving::Stream(_) => {
                let silence = self.manner.answer_silence(&head.headers);
                let trailers = self.manner.answer_trailers();
                Body::new(Passing::new(arriving, lease, trailers, silence))
            }
        };
        Outcome::Answered(Response::from_parts(head, body))
    }

    /// The target leaves HTTP: right only if that is what the client asked for.
    fn switch(&mut self, lease: Lease, mut head: response::Parts) -> Outcome {
        let asked = self.asked.take();
        let granted = asked.and_then(|asked| asked.granted(&head));
        let Some(granted) = granted else {
            return self.fail(&error::BAD_RESPONSE);
        };
        headers::back(&mut head.headers);
        granted.tell(&mut head);
        Tunnel::begin(granted, lease);
        head.version = Version::HTTP_11;
        Outcome::Answered(Response::from_parts(head, Body::new(Nothing)))
    }
}
