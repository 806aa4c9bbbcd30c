//! Which parts of the process can serve, and why one can't.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Every part's state, by name; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    parts: Arc<Mutex<BTreeMap<&'static str, Known>>>,
}

/// What is known of one part.
#[derive(Debug)]
struct Known {
    state: State,
    has_been_ready: bool,
}

/// Whether one part can serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It serves.
    Ready,
    /// It serves, but lacks something for this reason.
    Lacking(String),
    /// It does not, for this reason.
    Waiting(String),
}

/// One part's say. Dropping it marks the part as ended.
#[derive(Debug)]
pub struct Part {
    name: &'static str,
    readiness: Readiness,
}

impl Readiness {
    /// Adds a part, which is not ready until it says so.
    pub fn register(&self, name: &'static str) -> Part {
        let part = Part {
            name,
            readiness: self.clone(),
        };
        part.waiting("starting");
        part
    }

    /// Whether every part is ready.
    pub fn is_ready(&self) -> bool {
        self.lock().values().all(|part| part.state.is_ready())
    }

    /// Each part, and whether it could serve at some time since it began, by name. One that ended has not.
    pub fn started(&self) -> Vec<(&'static str, bool)> {
        let parts = self.lock();
        let parts = parts
            .iter()
            .map(|(name, part)| (*name, part.has_been_ready));
        parts.collect()
    }

    /// Each part and its state, by name.
    pub fn report(&self) -> Vec<(&'static str, State)> {
        self.lock()
            .iter()
            .map(|(name, part)| (*name, part.state.clone()))
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Known>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the part serves.
    pub fn is_ready(&self) -> bool {
        !matches!(self, Self::Waiting(_))
    }
}

impl Part {
    /// The part can serve.
    pub fn ready(&self) {
        self.is_now(State::Ready);
    }

    /// The part serves, but lacks something, and says what.
    pub fn lacking(&self, reason: impl Into<String>) {
        self.is_now(State::Lacking(reason.into()));
    }

    /// The part cannot serve, and says why.
    pub fn waiting(&self, reason: impl Into<String>) {
        self.is_now(State::Waiting(reason.into()));
    }

    fn is_now(&self, state: State) {
        let mut parts = self.readiness.lock();
        let before = parts.get(self.name).is_some_and(|part| part.has_been_ready);
        let has_been_ready = before || state.is_ready();
        let known = Known {
            state,
            has_been_ready,
        };
        parts.insert(self.name, known);
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let known = Known {
            state: State::Waiting("ended".to_owned()),
            has_been_ready: false,
        };
        self.readiness.lock().insert(self.name, known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_must_be_ready_and_an_ended_one_is_not() {
        let readiness = Readiness::default();
        let edge = readiness.register("edge");
        let store = readiness.register("store");
        edge.ready();
        assert!(!readiness.is_ready());
        store.ready();
        assert!(readiness.is_ready());
        store.waiting("disk full");
        assert_eq!(
            readiness.report()[1],
            ("store", State::Waiting("disk full".to_owned()))
        );
        store.lacking("an archive");
        assert!(readiness.is_ready());
        drop(edge);
        assert!(!readiness.is_ready());
    }

    #[test]
    fn a_part_that_waits_again_has_started_and_one_that_ended_has_not() {
        let readiness = Readiness::default();
        let store = readiness.register("store");
        assert_eq!(readiness.started(), [("store", false)]);
        store.ready();
        store.waiting("the server is away");
        assert_eq!(readiness.started(), [("store", true)]);
        drop(store);
        assert_eq!(readiness.started(), [("store", false)]);
    }
}
