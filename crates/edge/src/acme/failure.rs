//! Why an attempt brought no certificate, and whose fault it was.

use std::collections::BTreeMap;
use std::time::Duration;

use instant_acme::{Problem, Subproblem};
use thiserror::Error;

/// The end of an attempt. The order that was begun, if any, is kept and gone on with.
#[derive(Debug, Error)]
#[error("{text}")]
pub(crate) struct Failure {
    /// What is wrong, with the mend where there is one.
    pub(crate) text: String,
    /// What is wrong with single names; empty when it concerns all of them.
    faults: BTreeMap<String, String>,
    /// How long the authority asked us to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the authority does not know our account (any more).
    pub(crate) is_account_gone: bool,
}

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            faults: BTreeMap::new(),
            retry_after: None,
            is_account_gone: false,
        }
    }

    /// The fault of one name.
    pub(crate) fn of(domain: &str, text: impl Into<String>) -> Self {
        Self::of_each(BTreeMap::from([(domain.to_owned(), text.into())]))
    }

    /// The faults of these names; there is at least one.
    fn of_each(faults: BTreeMap<String, String>) -> Self {
        let texts: Vec<_> = faults.values().map(String::as_str).collect();
        Self {
            text: texts.join("; "),
            faults,
            ..Self::new("")
        }
    }

    /// Several as one, if there are any: the first that concerns all names, else the faults of each.
    pub(crate) fn together(all: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut faults = BTreeMap::new();
        for failure in all {
            if failure.faults.is_empty() {
                return Some(failure);
            }
            faults.extend(failure.faults);
        }
        (!faults.is_empty()).then(|| Self::of_each(faults))
    }

    /// Those of these names that are at fault; all of them where none is singled out.
    pub(crate) fn at_fault<'a>(&self, names: &'a [String]) -> Vec<&'a String> {
        let singled_out = names.iter().filter(|name| self.faults.contains_key(*name));
        let singled_out: Vec<_> = singled_out.collect();
        if singled_out.is_empty() {
            names.iter().collect()
        } else {
            singled_out
        }
    }

    /// What is wrong with this name, which is at fault.
    pub(crate) fn text_of(&self, name: &str) -> &str {
        self.faults.get(name).unwrap_or(&self.text)
    }

    /// Whether an order that ended so can be gone on with.
    pub(crate) fn is_final(&self) -> bool {
        !self.faults.is_empty()
    }

    /// What the authority said, or why it could not be asked.
    pub(crate) fn asking(error: &instant_acme::Error) -> Self {
        let instant_acme::Error::Api(problem) = error else {
            return Self::new(format!("the authority can't be asked: {error}"));
        };
        let kind = problem.r#type.as_deref().unwrap_or_default();
        let text = format!("the authority refuses: {}", explain(problem));
        Self {
            is_account_gone: kind.ends_with(":accountDoesNotExist"),
            ..Self::together(problem.subproblems.iter().filter_map(refused))
                .unwrap_or(Self::new(text))
        }
    }
}

impl From<instant_acme::Error> for Failure {
    fn from(error: instant_acme::Error) -> Self {
        Self::asking(&error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(format!("`tls/acme` can't be written: {error}"))
    }
}

impl From<rcgen::Error> for Failure {
    fn from(error: rcgen::Error) -> Self {
        Self::new(format!(
            "the request for a certificate can't be made: {error}"
        ))
    }
}

/// What the authority has against one name (RFC 8555 §6.7.1).
fn refused(problem: &Subproblem) -> Option<Failure> {
    let name = problem.identifier.clone()?.authorized(false).to_string();
    let text = words(problem.r#type.as_deref(), problem.detail.as_deref());
    let text = format!("the authority refuses `{name}`: {text}");
    Some(Failure::of(&name, text))
}

/// The authority's words, with the last part of its URN after them.
pub(crate) fn explain(problem: &Problem) -> String {
    words(problem.r#type.as_deref(), problem.detail.as_deref())
}

fn words(kind: Option<&str>, detail: Option<&str>) -> String {
    let kind = kind.and_then(|kind| kind.rsplit(':').next());
    let detail = detail.unwrap_or("it gives no reason");
    match kind {
        Some(kind) => format!("{detail} ({kind})"),
        None => detail.to_owned(),
    }
}
