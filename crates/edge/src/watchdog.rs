//! The deadlines of one connection: for its request heads, its pauses, its unread answers, its drain; and its
//! overhead.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::TimeoutConfig;
use crate::overhead::Overhead;
use crate::patience::Patience;
use crate::pulse::Pulse;

/// How long a connection without a request may stay once the drain has begun: an HTTP/2 client
/// is told to go and has this long to answer.
const DRAIN_GRACE_MS: u64 = 2000;

/// What took too long, or was too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    Head,
    Idle,
    Write,
    /// Frames that serve no request, over HTTP/2.
    Overhead,
}

/// Whether a connection carries one request at a time or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Multiplex {
    One,
    Many,
}

/// Looks at the pulse after each poll of the connection. Its timer is moved only when a deadline comes
/// nearer, so that an ordinary request costs no timer operation.
#[derive(Debug)]
pub(crate) struct Watchdog {
    multiplex: Multiplex,
    head_ms: u64,
    idle_ms: u64,
    write_ms: u64,
    opened: Instant,
    armed: u64,
    patience: Patience,
    drain_since: Option<u64>,
    overhead: Overhead,
}

impl Watchdog {
    pub(crate) fn new(timeouts: &TimeoutConfig, multiplex: Multiplex, pulse: &Pulse) -> Self {
        let millis = |span: crate::config::Span| {
            u64::try_from(span.duration().as_millis()).unwrap_or(u64::MAX)
        };
        let head_ms = millis(timeouts.head);
        let opened = Instant::from_std(pulse.accepted());
        let armed = pulse.quiet_since() + head_ms;
        Self {
            multiplex,
            head_ms,
            idle_ms: millis(timeouts.idle),
            write_ms: millis(timeouts.write),
            opened,
            armed,
            patience: Patience::default(),
            drain_since: None,
            overhead: Overhead::default(),
        }
    }

    /// The drain has begun: a connection without a request has little time left.
    pub(crate) fn drains(&mut self, now: u64) {
        self.drain_since.get_or_insert(now);
    }

    /// Whether a deadline has passed; else the task is woken when the next one does.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, pulse: &Pulse) -> Poll<Overdue> {
        if self.multiplex == Multiplex::Many {
            let sent = pulse.received_and_accounted();
            if self.overhead.is_too_much(sent, || pulse.now()) {
                return Poll::Ready(Overdue::Overhead);
            }
        }
        loop {
            let due = self.due(pulse);
            if let Some((deadline, _)) = due {
                self.armed = self.armed.min(deadline);
            }
            let until = self.opened + Duration::from_millis(self.armed);
            ready!(self.patience.poll(cx, until));
            let now = pulse.now();
            match due.or_else(|| self.unread(pulse)) {
                Some((deadline, what)) if deadline <= now => return Poll::Ready(what),
                Some((deadline, _)) => self.armed = deadline.min(now + self.write_ms),
                None => self.armed = now + self.write_ms / 2 + 1,
            }
        }
    }

    /// The next deadline that needs no look at each answer.
    fn due(&self, pulse: &Pulse) -> Option<(u64, Overdue)> {
        let write = pulse
            .blocked_since()
            .map(|since| (since + self.write_ms, Overdue::Write));
        if pulse.is_busy() {
            return write;
        }
        let quiet = pulse.quiet_since();
        let head = match (pulse.has_had_requests(), self.multiplex) {
            (false, _) => Some(quiet + self.head_ms),
            (true, Multiplex::One) => pulse.head_since().map(|since| since + self.head_ms),
            (true, Multiplex::Many) => None,
        };
        let pause = head.map_or((quiet + self.idle_ms, Overdue::Idle), |deadline| {
            (deadline, Overdue::Head)
        });
        let drain = self
            .drain_since
            .map(|since| (since.max(quiet) + DRAIN_GRACE_MS, Overdue::Idle));
        [write, Some(pause), drain]
            .into_iter()
            .flatten()
            .min_by_key(|(deadline, _)| *deadline)
    }

    fn unread(&self, pulse: &Pulse) -> Option<(u64, Overdue)> {
        pulse
            .unread_since()
            .map(|since| (since + self.write_ms, Overdue::Write))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use tokio::task::consume_budget;
    use tokio::time::timeout;

    use super::*;

    /// Does so much at once that the runtime asks the task to let others have their turn; but only the first time.
    fn exhaust(cx: &mut Context<'_>, is_fresh: &mut bool) {
        while *is_fresh {
            *is_fresh = pin!(consume_budget()).poll(cx).is_ready();
        }
    }

    #[tokio::test]
    async fn a_task_that_was_busy_when_its_deadline_was_set_is_told_of_it() {
        let pulse = Pulse::new(std::time::Instant::now());
        let timeouts = TimeoutConfig {
            write: "20ms".parse().unwrap(),
            ..TimeoutConfig::default()
        };
        let mut watchdog = Watchdog::new(&timeouts, Multiplex::One, &pulse);
        pulse.request_begins();
        pulse.is_blocked();
        let mut is_fresh = true;
        // A task of its own: else the wait for it would wake it as well.
        let overdue = tokio::spawn(poll_fn(move |cx| {
            exhaust(cx, &mut is_fresh);
            watchdog.poll(cx, &pulse)
        }));
        let told = timeout(Duration::from_secs(5), overdue).await;
        assert_eq!(told.expect("told in time").unwrap(), Overdue::Write);
    }
}
