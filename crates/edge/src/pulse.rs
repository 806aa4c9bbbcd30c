//! What a connection is doing, as far as its deadlines need to know.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use crate::overhead;

/// Written by the transport, the requests and their bodies, all on one thread; read by the watchdog.
/// Times are milliseconds since the connection was accepted; 0 in an optional one means "not now".
#[derive(Debug)]
pub(crate) struct Pulse {
    accepted: Instant,
    reads: AtomicU64,
    received: AtomicU64,
    accounted: AtomicU64,
    reads_when_quiet: AtomicU64,
    in_flight: AtomicU32,
    has_had_requests: AtomicBool,
    quiet_since: AtomicU64,
    head_since: AtomicU64,
    blocked_since: AtomicU64,
    has_unread_body: AtomicBool,
    unread_answers: Mutex<Vec<Weak<Unread>>>,
}

/// Since when a part of an answer waits for room at the client; 0 while it does not.
#[derive(Debug, Default)]
pub(crate) struct Unread(pub(crate) AtomicU64);

impl Pulse {
    pub(crate) fn new(accepted: Instant) -> Self {
        Self {
            accepted,
            reads: AtomicU64::new(0),
            received: AtomicU64::new(0),
            accounted: AtomicU64::new(0),
            reads_when_quiet: AtomicU64::new(0),
            in_flight: AtomicU32::new(0),
            has_had_requests: AtomicBool::new(false),
            quiet_since: AtomicU64::new(1),
            head_since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(0),
            has_unread_body: AtomicBool::new(false),
            unread_answers: Mutex::default(),
        }
    }

    pub(crate) fn accepted(&self) -> Instant {
        self.accepted
    }

    pub(crate) fn now(&self) -> u64 {
        self.at(Instant::now())
    }

    /// Never 0, which stands for "not now".
    pub(crate) fn at(&self, time: Instant) -> u64 {
        u64::try_from(time.saturating_duration_since(self.accepted).as_millis())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    pub(crate) fn has_read(&self, bytes: usize) {
        self.reads.store(self.reads.load(Relaxed) + 1, Relaxed);
        let received = self.received.load(Relaxed) + bytes as u64;
        self.received.store(received, Relaxed);
    }

    /// So much of what the client sends serves its requests.
    pub(crate) fn accounts_for(&self, bytes: u64) {
        let accounted = self.accounted.load(Relaxed).saturating_add(bytes);
        self.accounted.store(accounted, Relaxed);
    }

    /// What the client sent, and how much of that its requests account for.
    pub(crate) fn received_and_accounted(&self) -> (u64, u64) {
        (self.received.load(Relaxed), self.accounted.load(Relaxed))
    }

    pub(crate) fn has_written(&self) {
        if self.blocked_since.load(Relaxed) != 0 {
            self.blocked_since.store(0, Relaxed);
        }
    }

    pub(crate) fn is_blocked(&self) {
        if self.blocked_since.load(Relaxed) == 0 {
            self.blocked_since.store(self.now(), Relaxed);
        }
    }

    pub(crate) fn request_begins(&self) {
        self.in_flight.fetch_add(1, Relaxed);
        self.has_had_requests.store(true, Relaxed);
        self.accounts_for(overhead::A_REQUEST);
        self.head_since.store(0, Relaxed);
    }

    pub(crate) fn request_ends(&self, now: Instant) {
        self.in_flight.fetch_sub(1, Relaxed);
        self.quiet_since.store(self.at(now), Relaxed);
        self.reads_when_quiet
            .store(self.reads.load(Relaxed), Relaxed);
    }

    /// The client may still be sending a body that nobody will read.
    pub(crate) fn leaves_body_unread(&self) {
        self.has_unread_body.store(true, Relaxed);
    }

    pub(crate) fn has_unread_body(&self) -> bool {
        self.has_unread_body.load(Relaxed)
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.in_flight.load(Relaxed) > 0
    }

    pub(crate) fn has_had_requests(&self) -> bool {
        self.has_had_requests.load(Relaxed)
    }

    pub(crate) fn quiet_since(&self) -> u64 {
        self.quiet_since.load(Relaxed)
    }

    pub(crate) fn blocked_since(&self) -> Option<u64> {
        Some(self.blocked_since.load(Relaxed)).filter(|&since| since != 0)
    }

    /// Since when a request's head is being received, if one is. The clock is read only when one just began.
    pub(crate) fn head_since(&self) -> Option<u64> {
        if self.is_busy() || self.reads.load(Relaxed) == self.reads_when_quiet.load(Relaxed) {
            return None;
        }
        if self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.now(), Relaxed);
        }
        Some(self.head_since.load(Relaxed))
    }

    /// Whether any byte came since the last request, or since the connection began.
    pub(crate) fn has_begun_head(&self) -> bool {
        self.reads.load(Relaxed) != self.reads_when_quiet.load(Relaxed)
    }

    /// What was read so far belonged to the TLS handshake, not to a request.
    pub(crate) fn handshake_ends(&self) {
        self.quiet_since.store(self.now(), Relaxed);
        self.reads_when_quiet
            .store(self.reads.load(Relaxed), Relaxed);
    }

    /// Watches an answer whose parts wait for the client one by one.
    pub(crate) fn watch(&self, unread: &Arc<Unread>) {
        self.unread_answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::downgrade(unread));
    }

    /// Since when the answer that waits longest does so; forgets those that ended.
    pub(crate) fn unread_since(&self) -> Option<u64> {
        let mut answers = self
            .unread_answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        answers.retain(|answer| answer.strong_count() > 0);
        let waits = answers
            .iter()
            .filter_map(Weak::upgrade)
            .map(|unread| unread.0.load(Relaxed));
        waits.filter(|&since| since != 0).min()
    }
}
