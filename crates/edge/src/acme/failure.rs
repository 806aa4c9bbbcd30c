//! Why an attempt brought no certificate, and whose fault it was.

use std::time::Duration;

use instant_acme::Problem;
use thiserror::Error;

/// The end of an attempt. The order that was begun, if any, is kept and gone on with.
#[derive(Debug, Error)]
#[error("{text}")]
pub(crate) struct Failure {
    /// What is wrong, with the mend where there is one.
    pub(crate) text: String,
    /// The name at fault; `None` when it concerns all of them.
    pub(crate) domain: Option<String>,
    /// How long the authority asked us to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the authority does not know our account (any more).
    pub(crate) is_account_gone: bool,
}

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            domain: None,
            retry_after: None,
            is_account_gone: false,
        }
    }

    /// The fault of one name.
    pub(crate) fn of(domain: &str, text: impl Into<String>) -> Self {
        Self {
            domain: Some(domain.to_owned()),
            ..Self::new(text)
        }
    }

    /// What the authority said, or why it could not be asked.
    pub(crate) fn asking(error: &instant_acme::Error) -> Self {
        let instant_acme::Error::Api(problem) = error else {
            return Self::new(format!("the authority can't be asked: {error}"));
        };
        let kind = problem.r#type.as_deref().unwrap_or_default();
        Self {
            is_account_gone: kind.ends_with(":accountDoesNotExist"),
            ..Self::new(format!("the authority refuses: {}", explain(problem)))
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

/// The authority's words, with the last part of its URN in front.
pub(crate) fn explain(problem: &Problem) -> String {
    let kind = problem
        .r#type
        .as_deref()
        .and_then(|kind| kind.rsplit(':').next());
    let detail = problem.detail.as_deref().unwrap_or("it gives no reason");
    match kind {
        Some(kind) => format!("{detail} ({kind})"),
        None => detail.to_owned(),
    }
}
