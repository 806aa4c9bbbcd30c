//! What parts of the process say of themselves, for the status page and `pendopo doctor`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Facts by part and name, such as `edge`, `certificate expires`, `2027-01-03T00:00:00Z`; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    by_name: Arc<Mutex<BTreeMap<(&'static str, String), String>>>,
}

impl Facts {
    /// States a fact, or states it anew.
    pub fn state(&self, part: &'static str, name: impl Into<String>, value: impl Into<String>) {
        self.by_name
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((part, name.into()), value.into());
    }

    /// Every fact: part, name, value; by part and name.
    pub fn list(&self) -> Vec<(&'static str, String, String)> {
        let facts = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        facts
            .iter()
            .map(|((part, name), value)| (*part, name.clone(), value.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_stated_anew_replaces_the_old_one() {
        let facts = Facts::default();
        facts.state("store", "engine", "SQLite");
        facts.state("edge", "log dropped", "0");
        facts.state("edge", "log dropped", "3");
        let expected = [("edge", "log dropped", "3"), ("store", "engine", "SQLite")];
        let expected =
            expected.map(|(part, name, value)| (part, name.to_owned(), value.to_owned()));
        assert_eq!(facts.list(), expected);
    }
}
