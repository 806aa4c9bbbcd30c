//! What a failure is to an HTTP client: the only place that chooses a status code for one.
//!
//! A handler fails with an [`Error`]; it becomes a bare response that carries its [`Report`], and
//! the outermost layer writes it out as a problem document or a page, whichever the client asked for.

mod from_school;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue};
use school::store_error::Cause;

use crate::problem::Problem;

/// When somebody may come back who met a store that is away, or too many sign-ins.
pub(crate) const SOON: Duration = Duration::from_secs(2);

/// A failed request.
#[derive(Debug)]
pub(crate) struct Error(Box<Report>);

/// All that is said of a failed request, to the client and to the log.
#[derive(Debug)]
pub(crate) struct Report {
    /// The kind.
    pub(crate) problem: &'static Problem,
    /// What was wrong with this very request.
    pub(crate) detail: Cow<'static, str>,
    /// The fields or parameters that are wrong.
    pub(crate) faults: Vec<Fault>,
    /// Headers that belong to the status.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// For the log only.
    pub(crate) cause: Option<Cause>,
}

/// One field or parameter that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Its name; empty when it is the whole body.
    pub(crate) field: Cow<'static, str>,
    /// The rule it breaks: a stable word.
    pub(crate) code: &'static str,
    /// The rule in English.
    pub(crate) detail: Cow<'static, str>,
}

impl Report {
    /// Seconds after which another try may do.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        let (_, value) = self.headers.iter().find(|(name, _)| name == RETRY_AFTER)?;
        value.to_str().ok()?.parse().ok()
    }
}

impl Fault {
    pub(crate) fn new(
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: field.into(),
            code,
            detail: detail.into(),
        }
    }
}

impl Error {
    /// A failure of this kind, with what was wrong this time.
    pub(crate) fn new(problem: &'static Problem, detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Report {
            problem,
            detail: detail.into(),
            faults: Vec::new(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// One parameter of the path or the query is wrong.
    pub(crate) fn parameter(fault: Fault) -> Self {
        let detail = format!("`{}` {}", fault.field, fault.detail);
        Self::new(&Problem::PARAMETER, detail).with_faults(vec![fault])
    }

    /// Nothing has this address.
    pub(crate) fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(&Problem::NOT_FOUND, detail)
    }

    /// The token is no good.
    pub(crate) fn bad_token(detail: &'static str) -> Self {
        Self::new(&Problem::UNAUTHORIZED, detail).with_header(
            WWW_AUTHENTICATE,
            "Bearer realm=\"pendopo\", error=\"invalid_token\"",
        )
    }

    /// Nobody is signed in.
    pub(crate) fn signed_out() -> Self {
        Self::new(&Problem::UNAUTHORIZED, "sign in, or send an API token")
            .with_header(WWW_AUTHENTICATE, "Bearer realm=\"pendopo\"")
    }

    /// Unknown, disabled or the wrong password: the same answer for all, and no `401`, after which a browser would
    /// ask for a password by itself.
    pub(crate) fn wrong_password() -> Self {
        Self::new(&Problem::VALIDATION, "the name or the password is wrong")
    }

    /// Too much was tried; another try may pass after `wait`.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000);
        Self::new(
            &Problem::TOO_MANY,
            format!("this was tried too often: wait {seconds} seconds"),
        )
        .with_retry_after(wait)
    }

    /// The path exists, but not for this method.
    pub(crate) fn method_not_allowed(allow: Option<HeaderValue>) -> Self {
        let mut error = Self::new(
            &Problem::METHOD_NOT_ALLOWED,
            "the header `Allow` lists the methods of this address",
        );
        error.0.headers.extend(allow.map(|allow| (ALLOW, allow)));
        error
    }

    /// A store can't be reached now.
    pub(crate) fn away() -> Self {
        Self::new(&Problem::UNAVAILABLE, "a store is away: try again soon").with_retry_after(SOON)
    }

    /// The server failed.
    pub(crate) fn internal(cause: impl Into<Cause>) -> Self {
        let detail = "the server failed: tell the operator the `request_id`";
        Self::new(&Problem::INTERNAL, detail).with_cause(cause)
    }

    #[must_use]
    pub(crate) fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults = faults;
        self
    }

    #[must_use]
    pub(crate) fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.0.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    #[must_use]
    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
        self.0
            .headers
            .push((RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    #[must_use]
    pub(crate) fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// What is said of it, for pages that show faults beside their fields.
    pub(crate) fn report(&self) -> &Report {
        &self.0
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = self.0.problem.status.into_response();
        let report: Arc<Report> = Arc::from(self.0);
        response.extensions_mut().insert(report);
        response
    }
}
