//! One address that can answer, and what is known of its state.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicI32, AtomicU8, AtomicU32, AtomicU64, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};
use std::time::Duration;

use http::HeaderValue;

use super::balance::{Seat, WEIGHT, mix};
use super::idle::IdleTime;
use super::trust::Tls;
use crate::config::Protocol;

/// What the checks found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Up = 0,
    Down = 1,
    /// Its address was gone and came back: somebody else may have it now, so a check must pass first.
    Pending = 2,
}

/// A target. Times are milliseconds since its upstream began.
#[derive(Debug)]
pub(crate) struct Target {
    /// The upstream's name and the address, for the log.
    pub(crate) label: Arc<str>,
    /// The address with its port, by which the operator names it.
    pub(crate) socket: SocketAddr,
    /// As a `Host` header for requests of the edge's own.
    pub(crate) authority: HeaderValue,
    pub(crate) tls: Option<Tls>,
    pub(crate) protocol: Protocol,
    pub(crate) idle_time: IdleTime,
    weight: u32,
    is_backup: bool,
    name_hash: u64,
    in_flight: AtomicUsize,
    verdict: AtomicU8,
    /// Good checks in a row, or bad ones as a negative number.
    streak: AtomicI32,
    up_since: AtomicU64,
    failures: AtomicU32,
    ejected_until: AtomicU64,
    is_gone: AtomicBool,
    /// The operator wants it empty.
    is_draining: AtomicBool,
}

/// What sets a target apart when it is made.
pub(crate) struct Birth<'a> {
    pub(crate) upstream: &'a str,
    pub(crate) socket: SocketAddr,
    pub(crate) authority: HeaderValue,
    pub(crate) tls: Option<Tls>,
    pub(crate) protocol: Protocol,
    pub(crate) weight: u32,
    pub(crate) is_backup: bool,
    pub(crate) verdict: Verdict,
    pub(crate) keep_alive: Duration,
    pub(crate) now: u64,
}

impl Target {
    pub(crate) fn new(birth: Birth<'_>) -> Self {
        let label: Arc<str> = format!("{}/{}", birth.upstream, birth.socket).into();
        let name_hash = label
            .bytes()
            .fold(0, |hash, byte| mix(hash ^ u64::from(byte)).wrapping_add(1));
        Self {
            label,
            socket: birth.socket,
            authority: birth.authority,
            tls: birth.tls,
            protocol: birth.protocol,
            idle_time: IdleTime::new(birth.keep_alive),
            weight: birth.weight,
            is_backup: birth.is_backup,
            name_hash,
            in_flight: AtomicUsize::new(0),
            verdict: AtomicU8::new(birth.verdict as u8),
            streak: AtomicI32::new(0),
            up_since: AtomicU64::new(birth.now),
            failures: AtomicU32::new(0),
            ejected_until: AtomicU64::new(0),
            is_gone: AtomicBool::new(false),
            is_draining: AtomicBool::new(false),
        }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match self.verdict.load(Relaxed) {
            0 => Verdict::Up,
            1 => Verdict::Down,
            _ => Verdict::Pending,
        }
    }

    /// Counts a check; says what follows from it, if anything does. One good check is enough for a target whose
    /// address came back.
    pub(crate) fn examined(&self, is_well: bool, rise: u32, fall: u32) -> Option<Verdict> {
        let before = self.streak.load(Relaxed);
        let streak = if is_well {
            before.max(0).saturating_add(1)
        } else {
            before.min(0).saturating_sub(1)
        };
        self.streak.store(streak, Relaxed);
        let is_pending = self.verdict() == Verdict::Pending;
        let count = streak.unsigned_abs();
        match is_well {
            true if is_pending || count >= rise => Some(Verdict::Up),
            false if !is_pending && count >= fall => Some(Verdict::Down),
            _ => None,
        }
    }

    /// Sets what a check found; true if that is news.
    pub(crate) fn judge(&self, verdict: Verdict, now: u64) -> bool {
        let before = self.verdict.swap(verdict as u8, Relaxed);
        let is_news = before != verdict as u8;
        if is_news && verdict == Verdict::Up {
            self.up_since.store(now, Relaxed);
            self.ejected_until.store(0, Relaxed);
            self.failures.store(0, Relaxed);
        }
        is_news
    }

    /// No check looks after it any more: what one found before does not count.
    pub(crate) fn forget_checks(&self, now: u64) {
        if self.verdict() == Verdict::Down {
            self.judge(Verdict::Up, now);
        }
    }

    /// Whether requests may be sent there although nobody else can answer either.
    pub(crate) fn is_last_resort(&self) -> bool {
        self.verdict() != Verdict::Pending && !self.is_draining()
    }

    pub(crate) fn is_open(&self, now: u64) -> bool {
        self.verdict() == Verdict::Up && !self.is_draining() && !self.is_ejected(now)
    }

    /// Left out for a while after failed connections.
    pub(crate) fn is_ejected(&self, now: u64) -> bool {
        self.ejected_until.load(Relaxed) > now
    }

    /// It has answered. That a connection could be made says nothing: what stands in between may make it, as Docker's
    /// proxy does before a container in which nobody listens.
    pub(crate) fn answered(&self) {
        if self.failures.load(Relaxed) != 0 {
            self.failures.store(0, Relaxed);
        }
    }

    /// It has answered over a new connection, so that it is there again if it was left out: one that is about to end
    /// answers over the others as well.
    pub(crate) fn is_back(&self, now: u64) {
        if self.is_ejected(now) {
            self.ejected_until.store(0, Relaxed);
            self.up_since.store(now, Relaxed);
        }
    }

    /// A connection or a request came to nothing; returns how many in a row did.
    pub(crate) fn failed(&self) -> u32 {
        self.failures.fetch_add(1, Relaxed).saturating_add(1)
    }

    /// Leaves it out until then.
    pub(crate) fn eject(&self, until: u64) {
        self.ejected_until.store(until, Relaxed);
        self.up_since.store(until, Relaxed);
    }

    /// From now on it gets no new requests. Once nothing is in flight, nothing will be: a request that was counted too
    /// late to be seen here sees this instead, and goes elsewhere.
    pub(crate) fn drain(&self) {
        self.is_draining.store(true, SeqCst);
    }

    /// It gets requests again, at first a few if the upstream is slow to start.
    pub(crate) fn resume(&self, now: u64) {
        if self.is_draining.swap(false, SeqCst) {
            self.up_since.store(now, Relaxed);
        }
    }

    /// Begins with what is known of another target at the same address.
    pub(crate) fn follow(&self, before: &Self) {
        self.verdict.store(before.verdict.load(Relaxed), Relaxed);
        self.streak.store(before.streak.load(Relaxed), Relaxed);
        self.up_since.store(before.up_since.load(Relaxed), Relaxed);
        let ejected_until = before.ejected_until.load(Relaxed);
        self.ejected_until.store(ejected_until, Relaxed);
        self.is_draining.store(before.is_draining(), SeqCst);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(SeqCst)
    }

    /// Whether connections to it shall be closed as soon as they are free.
    pub(crate) fn is_left(&self) -> bool {
        self.is_gone() || self.is_draining()
    }

    /// Whether an operator means it by `name`: `app/10.0.0.2:8000` or `10.0.0.2:8000`, or by its name in DNS, `app:8000`,
    /// perhaps with a scheme.
    pub(crate) fn is_called(&self, upstream: &str, name: &str) -> bool {
        let name = name
            .strip_prefix(upstream)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(name);
        let (scheme, bare) = name.split_once("://").unwrap_or(("", name));
        let is_same_scheme = match scheme {
            "" => true,
            "https" => self.tls.is_some(),
            _ => self.tls.is_none() && scheme == "http",
        };
        let authority = self.authority.as_bytes();
        let is_named = bare.as_bytes().eq_ignore_ascii_case(authority)
            || bare
                .parse::<SocketAddr>()
                .is_ok_and(|socket| socket == self.socket);
        is_same_scheme && is_named
    }

    /// It is no longer a target: connections that are free are closed.
    pub(crate) fn leave(&self) {
        self.is_gone.store(true, Relaxed);
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.is_gone.load(Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(SeqCst)
    }

    /// What a choice has to know; the weight is in thousandths, less while the target is spared.
    pub(crate) fn seat(&self, now: u64, slow_start: Duration) -> Seat {
        Seat {
            weight: self.share(now, slow_start),
            in_flight: self.in_flight(),
            is_open: self.is_open(now),
            is_backup: self.is_backup,
            name_hash: self.name_hash,
        }
    }

    fn share(&self, now: u64, slow_start: Duration) -> u32 {
        let full = self.weight.saturating_mul(WEIGHT);
        let since = self.up_since.load(Relaxed);
        let slow_ms = u64::try_from(slow_start.as_millis()).unwrap_or(u64::MAX);
        // Those that were there from the start have nobody to be spared for.
        if since == 0 || now >= since.saturating_add(slow_ms) {
            return full;
        }
        let age = u128::from(now.saturating_sub(since));
        u32::try_from(u128::from(full) * age / u128::from(slow_ms.max(1)))
            .unwrap_or(full)
            .max(1)
    }
}

/// A request on its way; counted until dropped.
#[derive(Debug)]
pub(crate) struct Flight(Arc<Target>);

impl Flight {
    pub(crate) fn begin(target: &Arc<Target>) -> Self {
        target.in_flight.fetch_add(1, SeqCst);
        Self(Arc::clone(target))
    }

    pub(crate) fn target(&self) -> &Arc<Target> {
        &self.0
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(port: u16, now: u64) -> Target {
        Target::new(Birth {
            upstream: "app",
            socket: SocketAddr::from(([127, 0, 0, 1], port)),
            authority: HeaderValue::from_static("app"),
            tls: None,
            protocol: Protocol::Http1,
            weight: 2,
            is_backup: false,
            verdict: Verdict::Up,
            keep_alive: Duration::from_secs(4),
            now,
        })
    }

    #[test]
    fn a_target_that_came_back_is_spared_at_first() {
        let target = target(1, 0);
        let slow = Duration::from_secs(10);
        assert_eq!(target.seat(5, slow).weight, 2000);
        assert!(target.judge(Verdict::Down, 1000));
        assert!(!target.is_open(1500));
        assert!(target.judge(Verdict::Up, 2000));
        assert!(!target.judge(Verdict::Up, 3000));
        for (now, weight) in [
            (2000, 1),
            (3000, 200),
            (7000, 1000),
            (12_000, 2000),
            (99_999, 2000),
        ] {
            assert_eq!(target.seat(now, slow).weight, weight, "at {now}");
        }
    }

    #[test]
    fn checks_count_only_in_a_row() {
        let target = target(1, 0);
        let examine = |outcomes: &[bool]| {
            let found = outcomes
                .iter()
                .map(|is_well| target.examined(*is_well, 2, 3));
            found.last().unwrap()
        };
        assert_eq!(examine(&[false, false, true, false, false]), None);
        assert_eq!(examine(&[false]), Some(Verdict::Down));
        target.judge(Verdict::Down, 1);
        assert_eq!(examine(&[true, false, true]), None);
        assert_eq!(examine(&[true]), Some(Verdict::Up));
        target.judge(Verdict::Pending, 1);
        assert_eq!(examine(&[false, false, false, false]), None);
        assert_eq!(examine(&[true]), Some(Verdict::Up));
    }

    #[test]
    fn an_ejected_target_is_closed_until_its_time() {
        let target = target(1, 0);
        assert_eq!((target.failed(), target.failed()), (1, 2));
        target.answered();
        assert_eq!(target.failed(), 1);
        target.eject(500);
        assert!(!target.is_open(499));
        assert!(target.is_open(500));
        target.answered();
        assert!(!target.is_open(400));
        target.is_back(400);
        assert!(target.is_open(400));
        assert_eq!(target.seat(400, Duration::ZERO).weight, 2000);
    }
}
