//! The `Link` header (RFC 8288) that leads through the pages of a list.

use std::fmt::Write as _;

use http::HeaderValue;

use crate::escape;

/// The links of one page, as they are written.
pub(super) struct Links<'a> {
    path: &'a str,
    search: Option<&'a str>,
    written: String,
}

impl<'a> Links<'a> {
    /// Links to pages of the list at `path`, with its search.
    pub(super) fn new(path: &'a str, search: Option<&'a str>) -> Self {
        let written = String::with_capacity(160);
        Self {
            path,
            search,
            written,
        }
    }

    /// Adds one: the page with `limit` rows that starts at `start`, such as `offset=20`, or at the first row.
    #[must_use]
    pub(super) fn with(mut self, relation: &str, limit: usize, start: Option<&str>) -> Self {
        let separator = if self.written.is_empty() { "" } else { ", " };
        let (path, start) = (
            self.path,
            start.map(|start| format!("&{start}")).unwrap_or_default(),
        );
        let search = self
            .search
            .map(|text| format!("&q={}", escape::query_value(text)))
            .unwrap_or_default();
        write!(
            self.written,
            "{separator}<{path}?limit={limit}{search}{start}>; rel=\"{relation}\""
        )
        .expect("a string grows as needed");
        self
    }

    /// The header's value.
    pub(super) fn value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.written)
            .expect("paths, numbers and escaped text are a header value")
    }
}
