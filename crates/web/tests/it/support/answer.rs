//! A whole answer, and what tests want to know of it.

use axum::body::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// Status, headers and body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The header's value; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The status, after checking that it is the expected one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Checks that it is a whole problem document of this status and kind.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(
            (self.status.as_u16(), &problem["status"]),
            (status, &status.into()),
            "{problem}"
        );
        assert_eq!(problem["type"], format!("/problems/{code}"));
        for text in ["title", "detail", "instance"] {
            assert!(
                problem[text].as_str().is_some_and(|text| !text.is_empty()),
                "{text}: {problem}"
            );
        }
        assert_eq!(
            problem["request_id"].as_str().unwrap().len(),
            32,
            "{problem}"
        );
        assert_eq!(self.header("cache-control"), "no-store");
        problem
    }

    /// Checks that it is a problem about exactly these fields, given as `field code`.
    #[track_caller]
    pub(crate) fn expect_faults(self, status: u16, code: &str, expected: &[&str]) {
        let problem = self.expect_problem(status, code);
        let faults = problem["errors"].as_array().unwrap();
        let word = |fault: &Value, key: &str| fault[key].as_str().unwrap().to_owned();
        let found: Vec<_> = faults
            .iter()
            .map(|fault| format!("{} {}", word(fault, "field"), word(fault, "code")))
            .collect();
        assert_eq!(found, expected, "{problem}");
    }
}
