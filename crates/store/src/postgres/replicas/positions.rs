//! Positions in the log of changes: how far a server must have come to show somebody what they wrote.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use school::reading::Reader;

/// A place in the log, in bytes from its beginning. The server in charge tells how far it has written, one that follows
/// how much of that it shows.
pub(in crate::postgres) type Position = u64;

/// Stands for a position that was not learned.
const UNKNOWN: Position = u64::MAX;
/// More who wrote within a moment are not told apart.
const MOST: usize = 8192;

/// How far the server in charge had come after this process's last commit.
#[derive(Debug, Default)]
pub(in crate::postgres) struct Written(AtomicU64);

impl Written {
    /// Tells of a commit; `None` if the server did not say how far it came.
    pub(in crate::postgres) fn tell(&self, at: Option<Position>) {
        self.0.store(at.unwrap_or(UNKNOWN), Ordering::Release);
    }

    fn last(&self) -> Position {
        self.0.load(Ordering::Acquire)
    }
}

/// Who wrote a moment ago, and up to where.
#[derive(Debug, Default)]
pub(super) struct Writes(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Nobody is shown less.
    floor: Position,
    by: HashMap<Reader, Position>,
}

impl Writes {
    /// This reader's write, or nobody's in particular, was committed.
    pub(super) fn note(&self, by: Option<Reader>, written: &Written) {
        let (Some(by), at) = (by, written.last()) else {
            return;
        };
        let mut state = self.lock();
        if state.by.len() >= MOST {
            let highest = state.by.values().copied().fold(at, Position::max);
            state.floor = state.floor.max(highest);
            state.by.clear();
        }
        state.by.insert(by, at);
    }

    /// How far a server must have come to be shown to this reader.
    pub(super) fn needed(&self, by: Reader) -> Position {
        let state = self.lock();
        let own = state.by.get(&by).copied().unwrap_or_default();
        own.max(state.floor)
    }

    /// The server in charge is at `now`, and was at `before` a moment ago: who is not there by now lags too far behind.
    pub(super) fn advance(&self, before: Position, now: Position) {
        let mut state = self.lock();
        state.floor = before;
        for at in state.by.values_mut().filter(|at| **at == UNKNOWN) {
            *at = now;
        }
        state.by.retain(|_, at| *at > before);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANI: Reader = Reader(1);
    const BUDI: Reader = Reader(2);

    fn written(at: Option<Position>) -> Written {
        let written = Written::default();
        written.tell(at);
        written
    }

    #[test]
    fn who_wrote_needs_more_than_others_until_all_are_that_far() {
        let writes = Writes::default();
        writes.note(Some(ANI), &written(Some(100)));
        writes.note(None, &written(Some(200)));
        assert_eq!((writes.needed(ANI), writes.needed(BUDI)), (100, 0));
        writes.advance(90, 250);
        assert_eq!((writes.needed(ANI), writes.needed(BUDI)), (100, 90));
        writes.advance(250, 300);
        assert_eq!((writes.needed(ANI), writes.needed(BUDI)), (250, 250));
        assert!(writes.lock().by.is_empty());
    }

    #[test]
    fn a_position_that_was_not_learned_is_the_next_one_that_is() {
        let writes = Writes::default();
        writes.note(Some(ANI), &written(None));
        assert_eq!(writes.needed(ANI), UNKNOWN);
        writes.advance(10, 70);
        assert_eq!(writes.needed(ANI), 70);
    }

    #[test]
    fn of_too_many_all_need_what_one_needs() {
        let writes = Writes::default();
        for number in 0..=8192_u64 {
            writes.note(Some(Reader(number)), &written(Some(number + 1)));
        }
        assert_eq!(writes.needed(Reader(9_999)), 8193);
    }
}
