//! What is wrong with a configuration, in one line with the mend.

use std::fmt;
use std::io;
use std::path::Path;

use super::setting::Origin;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault(String);

/// Every fault that was found; the process ends with 2.
#[derive(Debug, thiserror::Error)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Fault {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A fault of one key, with the place where it was set.
    pub(crate) fn of(key: &str, origin: &Origin, what: impl fmt::Display) -> Self {
        Self(format!("`{key}` ({origin}): {what}"))
    }

    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self(format!("can't read {}: {error}", path.display()))
    }
}

impl From<Fault> for Faults {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "\n" })?;
            fault.fmt(f)?;
        }
        Ok(())
    }
}
