//! Which parts of the process can serve, and why one can't.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Every part's state, by name; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    parts: Arc<Mutex<BTreeMap<&'static str, State>>>,
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
        self.lock().values().all(State::is_ready)
    }

    /// Each part and its state, by name.
    pub fn report(&self) -> Vec<(&'static str, State)> {
        self.lock()
            .iter()
            .map(|(name, state)| (*name, state.clone()))
            .collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, State>> {
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
        self.readiness.lock().insert(self.name, State::Ready);
    }

    /// The part serves, but lacks something, and says what.
    pub fn lacking(&self, reason: impl Into<String>) {
        self.readiness
            .lock()
            .insert(self.name, State::Lacking(reason.into()));
    }

    /// The part cannot serve, and says why.
    pub fn waiting(&self, reason: impl Into<String>) {
        self.readiness
            .lock()
            .insert(self.name, State::Waiting(reason.into()));
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.waiting("ended");
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
}
