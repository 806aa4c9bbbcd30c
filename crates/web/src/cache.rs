//! How long an answer may be kept, and by whom.

use std::convert::Infallible;

use axum::response::{IntoResponseParts, ResponseParts};
use http::HeaderValue;
use http::header::CACHE_CONTROL;

/// What `Cache-Control` says. An answer that says nothing is never kept: most are somebody's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CachePolicy {
    /// Nobody keeps it: what one person may see, and every error.
    NoStore,
    /// Anybody keeps it, and asks each time whether it is still the same.
    Revalidate,
    /// Anybody keeps it for a year: its address changes with its content.
    Forever,
}

impl CachePolicy {
    /// The value of the header.
    pub(crate) fn value(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::NoStore => "no-store",
            Self::Revalidate => "no-cache",
            Self::Forever => "public, max-age=31536000, immutable",
        })
    }
}

impl IntoResponseParts for CachePolicy {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.headers_mut().insert(CACHE_CONTROL, self.value());
        Ok(parts)
    }
}
