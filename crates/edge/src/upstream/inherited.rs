//! Targets that the process before this one had drained: they stay so, also those that DNS has yet to name.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Upstream;
use super::target::Target;

/// Their names in the log, until each has come up.
#[derive(Debug, Default)]
pub(super) struct Inherited(Mutex<Vec<Box<str>>>);

impl Inherited {
    /// Those that have not come up where this upstream takes the place of another one.
    pub(super) fn after(before: &Self) -> Self {
        Self(Mutex::new(before.names().clone()))
    }

    fn names(&self) -> MutexGuard<'_, Vec<Box<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upstream {
    /// Sends no new requests to these, now or as soon as they are there.
    pub(crate) fn inherit(&self, drained: &[String]) {
        let own = |name: &&String| {
            let rest = name.strip_prefix(&*self.name);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let names = drained.iter().filter(own).map(|name| name.as_str().into());
        self.inherited.names().extend(names);
        self.members().iter().for_each(|target| self.meet(target));
    }

    /// A target has come up, and nobody was sent to it yet.
    pub(super) fn meet(&self, target: &Target) {
        let mut names = self.inherited.names();
        if let Some(place) = names.iter().position(|name| **name == *target.label) {
            names.swap_remove(place);
            target.drain();
        }
    }

    /// The names of all that are drained, for the process after this one.
    pub(crate) fn drained(&self) -> Vec<String> {
        let mut names: Vec<_> = self
            .inherited
            .names()
            .iter()
            .map(|name| String::from(&**name))
            .collect();
        let members = self.members();
        let drained = members.iter().filter(|target| target.is_draining());
        names.extend(drained.map(|target| target.label.to_string()));
        names
    }
}
