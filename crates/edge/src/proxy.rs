//! Handing a request to an upstream: which target, over which connection, how often, and what the client is told.

mod headers;
mod manner;
mod outgoing;
mod passing;
mod said;
mod tunnel;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use http::header::HOST;
use http::request::Parts;
use http::response;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use tokio::time::{Instant, sleep, timeout_at};

use crate::content::{Body, Nothing, Outgoing};
use crate::error::{self, Refusal};
use crate::exchange::Exchange;
use crate::upstream::{self, Care, Channel, Flight, Picked, Target, Unreachable, Upstream};
use manner::Manner;
use passing::{Lease, Passing};
use tunnel::Tunnel;
use upgrade::Asked;

pub(crate) use said::Said;

/// How often a request that waits looks for a target.
const LOOK: Duration = Duration::from_millis(250);
/// Says that the answer comes from a target that is held for down, because all are.
const PANIC: HeaderName = HeaderName::from_static("x-upstream-panic");

/// Hands the request over and waits for the head of the answer.
pub(crate) async fn forward(
    exchange: &Arc<Exchange>,
    upstream: &Arc<Upstream>,
    (mut head, incoming): (Parts, Incoming),
    said: Said,
) -> Result<Response<Body>, &'static Refusal> {
    headers::onward(&mut head.headers, exchange, said.told.as_ref());
    let manner = Manner::of(&upstream.config, &head.headers);
    let body = outgoing::receive(incoming, exchange, &manner).await?;
    let rest = headers::frame(&mut head, &body);
    let asked = said.ask(&mut head, &manner)?;
    upstream.budget.request();
    let mut errand = Errand {
        exchange,
        upstream,
        manner,
        asked,
        rest,
        is_harmless: head.method.is_idempotent(),
        is_kept: manner.is_http2() || head.method.is_idempotent() && body.again().is_some(),
        load: Some((head, body)),
        tried: Vec::new(),
        must_dial: false,
        repeats: 0,
        gives_up: None,
        last: None,
    };
    let response = errand.run().await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        settled(exchange).await;
    }
    Ok(response)
}

/// What was answered before has gone: hyper hands a connection over with nothing left to write.
async fn settled(exchange: &Exchange) {
    // The watchdog ends a connection that stays so.
    while exchange.link.pulse.blocked_since().is_some() {
        sleep(LOOK).await;
    }
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
    /// Absent only while it is being sent, or when it is gone for good.
    load: Option<(Parts, Outgoing)>,
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
                Outcome::Answered(response) if is_panic => return Ok(self.panicking(response)),
                Outcome::Answered(response) => return Ok(response),
            }
        }
    }

    /// Tells that the target was held for down.
    fn panicking(&self, mut response: Response<Body>) -> Response<Body> {
        // The name has plain characters only.
        if let Ok(name) = HeaderValue::from_str(&self.upstream.name) {
            response.headers_mut().insert(PANIC, name);
        }
        response
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
        let Some(request) = self.request() else {
            return Outcome::Failed(self.last.unwrap_or(&error::UPSTREAM_CLOSED));
        };
        let lease = Lease {
            channel,
            flight,
            upstream: Arc::clone(upstream),
            exchange: Arc::clone(self.exchange),
        };
        self.send(lease, request, is_fresh).await
    }

    async fn dial(&mut self, target: &Arc<Target>) -> Option<Channel> {
        let within = self.upstream.config.connect_timeout.duration();
        let pools = &self.exchange.link.desk.pools;
        match pools.open(target, self.upstream.clock, within).await {
            Ok((channel, is_new)) => {
                if is_new {
                    self.upstream.connected(target);
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

    /// The request to send now; a copy if it may have to be sent again.
    fn request(&mut self) -> Option<Request<Outgoing>> {
        let (head, body) = if self.is_kept {
            let (head, body) = self.load.as_ref()?;
            (head.clone(), body.again()?)
        } else {
            self.load.take()?
        };
        Some(Request::from_parts(head, body))
    }

    async fn send(
        &mut self,
        mut lease: Lease,
        mut request: Request<Outgoing>,
        is_fresh: bool,
    ) -> Outcome {
        if !request.headers().contains_key(HOST) {
            request
                .headers_mut()
                .insert(HOST, lease.flight.target().authority.clone());
        }
        let sending = lease.channel.send(request);
        match self.within_time(sending).await {
            None => self.fail(&error::ANSWER_TIMEOUT),
            Some(Ok(response)) => {
                self.upstream.counts.requests.inc();
                self.answer(lease, response)
            }
            Some(Err(error)) => self.broken(&lease, error, is_fresh),
        }
    }

    /// Waits for the head of the answer; the time begins anew while the client's body still moves.
    async fn within_time<T>(&self, sending: impl Future<Output = T>) -> Option<T> {
        let mut sending = std::pin::pin!(sending);
        loop {
            let moved = self.exchange.bytes_in();
            let usual = self.upstream.config.head_timeout.duration();
            let until = Instant::now() + self.manner.silence().unwrap_or(usual);
            match timeout_at(until, &mut sending).await {
                Ok(outcome) => return Some(outcome),
                Err(_) if self.exchange.bytes_in() != moved => {}
                Err(_) => return None,
            }
        }
    }

    fn fail(&self, refusal: &'static Refusal) -> Outcome {
        self.upstream.counts.failed(refusal);
        Outcome::Failed(refusal)
    }

    /// The connection failed before the head of an answer was there.
    fn broken(
        &mut self,
        lease: &Lease,
        mut error: TrySendError<Request<Outgoing>>,
        is_fresh: bool,
    ) -> Outcome {
        let target = lease.flight.target();
        if let Some(unsent) = error.take_message() {
            // Nothing of it left this process.
            if !self.is_kept {
                self.load = Some(unsent.into_parts());
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
        let error = error.into_error();
        if let Some(fault) = self.exchange.fault() {
            return Outcome::Failed(fault);
        }
        if error.is_parse() {
            return self.fail(&error::BAD_RESPONSE);
        }
        tracing::debug!(target = %target.label, %error, "a target gave no answer");
        let is_untouched = lease.channel.is_untouched();
        let is_unprocessed = upstream::is_unprocessed(&error);
        // A target that takes a new connection and closes it would only do so again.
        let has_way =
            is_unprocessed || !is_fresh || self.upstream.members().len() > self.tried.len() + 1;
        let is_safe = is_unprocessed || self.is_harmless && is_untouched;
        let may_repeat = self.is_kept && is_safe && has_way && self.repeats < 2;
        if !(may_repeat && self.upstream.budget.retry()) {
            return self.fail(&error::UPSTREAM_CLOSED);
        }
        self.repeats += 1;
        self.upstream.counts.retries.inc();
        self.last = Some(&error::UPSTREAM_CLOSED);
        self.exchange.failed_at(target, &error::UPSTREAM_CLOSED);
        if is_fresh && !is_unprocessed {
            self.tried.push(Arc::clone(target));
        }
        // A connection that refused one stream may well take another.
        self.must_dial = !is_unprocessed;
        Outcome::Again
    }

    fn answer(&mut self, mut lease: Lease, response: Response<Incoming>) -> Outcome {
        let (mut head, incoming) = response.into_parts();
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
        let Ok(stated) = headers::back(&mut head.headers) else {
            return self.fail(&error::BAD_RESPONSE);
        };
        if let Some(stated) = self.rest.or(stated) {
            lease.channel.is_kept_for(stated);
        }
        let body = if incoming.is_end_stream() {
            lease.release();
            Body::new(Nothing)
        } else {
            let silence = self.manner.answer_silence(&head.headers);
            let trailers = self.manner.answer_trailers();
            Body::new(Passing::new(incoming, lease, trailers, silence))
        };
        Outcome::Answered(Response::from_parts(head, body))
    }

    /// The target leaves HTTP: right only if that is what the client asked for.
    fn switch(&mut self, lease: Lease, mut head: response::Parts) -> Outcome {
        let asked = self.asked.take();
        let granted = asked.and_then(|asked| asked.granted(&mut head));
        let (Some(granted), Ok(_)) = (granted, headers::back(&mut head.headers)) else {
            return self.fail(&error::BAD_RESPONSE);
        };
        granted.tell(&mut head);
        Tunnel::begin(granted, lease);
        head.version = Version::HTTP_11;
        Outcome::Answered(Response::from_parts(head, Body::new(Nothing)))
    }
}
