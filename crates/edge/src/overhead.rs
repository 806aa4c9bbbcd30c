//! How much an HTTP/2 client may send that serves no request: PING, SETTINGS, PRIORITY, `WINDOW_UPDATE` and the like
//! cost time, and the protocol sets them no bound.

/// What anybody may send beyond what requests account for, and so much more in each millisecond.
const AT_ONCE: u64 = 256 * 1024;
const IN_A_MILLISECOND: u64 = 4;

/// A request may bring so much that nobody reads: its head, and the body that its stream's window lets through.
pub(crate) const A_REQUEST: u64 = 64 * 1024;

/// A byte of a body may bring so many: gRPC and WebSocket send messages of a few bytes, each with frames and records
/// around it and acknowledged by more.
pub(crate) const A_BYTE_IN: u64 = 16;

/// It is looked at after so many bytes.
const STEP: u64 = 16 * 1024;

/// A vessel that fills with what the client sends and drains by what that was good for.
#[derive(Debug, Default)]
pub(crate) struct Overhead {
    level: u64,
    received: u64,
    accounted: u64,
    now: u64,
}

impl Overhead {
    /// Whether the client has sent too much; totals since the connection began, and its time in milliseconds, which
    /// is asked for only when there is something to judge.
    pub(crate) fn is_too_much(
        &mut self,
        (received, accounted): (u64, u64),
        now: impl FnOnce() -> u64,
    ) -> bool {
        let more = received - self.received;
        if more < STEP {
            return false;
        }
        let now = now();
        let drained = (accounted - self.accounted)
            .saturating_add((now - self.now).saturating_mul(IN_A_MILLISECOND));
        self.level = (self.level + more).saturating_sub(drained);
        (self.received, self.accounted, self.now) = (received, accounted, now);
        self.level > AT_ONCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much is taken when each step brings `step` bytes that account for `accounted`, one millisecond apart.
    fn taken(step: u64, accounted: u64) -> Option<u64> {
        let mut overhead = Overhead::default();
        let too_much =
            |&count: &u64| overhead.is_too_much((count * step, count * accounted), || count);
        (1..100_000).find(too_much).map(|count| count * step)
    }

    #[test]
    fn frames_for_nothing_are_taken_up_to_a_bound() {
        let taken = taken(17, 0).expect("a bound");
        assert!((AT_ONCE..2 * AT_ONCE).contains(&taken), "{taken}");
    }

    #[test]
    fn requests_and_small_messages_account_for_what_they_bring() {
        assert_eq!(taken(50, A_REQUEST), None);
        assert_eq!(taken(32 + 17, 5 * A_BYTE_IN), None);
    }

    #[test]
    fn a_ping_now_and_then_is_taken_for_ever() {
        assert_eq!(taken(IN_A_MILLISECOND, 0), None);
    }
}
