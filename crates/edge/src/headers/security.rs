//! The headers that tell browsers what a page of this server may do.

use std::time::Duration;

use http::header::{
    CONTENT_SECURITY_POLICY, Entry, REFERRER_POLICY, SERVER, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Own styles, scripts and images only, nothing inline, framed by nobody else.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// How many of the headers fit every page on the web.
const UNIVERSAL: usize = 3;

/// How many more the edge itself may add.
const OTHERS: usize = 3;

/// Headers for every answer; one that the service set itself is left as it is.
pub(crate) struct SecurityHeaders {
    always: [(HeaderName, HeaderValue); 5],
    hsts: Option<HeaderValue>,
}

impl SecurityHeaders {
    pub(crate) fn new(hsts: Duration) -> Self {
        let text = HeaderValue::from_static;
        let always = [
            (X_FRAME_OPTIONS, text("SAMEORIGIN")),
            (X_CONTENT_TYPE_OPTIONS, text("nosniff")),
            (REFERRER_POLICY, text("strict-origin-when-cross-origin")),
            (CONTENT_SECURITY_POLICY, text(POLICY)),
            (
                HeaderName::from_static("permissions-policy"),
                text(PERMISSIONS),
            ),
        ];
        let hsts = (!hsts.is_zero()).then(|| format!("max-age={}", hsts.as_secs()));
        Self {
            always,
            hsts: hsts.and_then(|text| HeaderValue::try_from(text).ok()),
        }
    }

    /// `is_foreign` marks the answer of a program that knows nothing of ours; `is_real` a certificate that browsers
    /// believe by themselves.
    pub(crate) fn apply(&self, headers: &mut HeaderMap, is_foreign: bool, is_real: bool) {
        headers.remove(SERVER);
        // What a program of others may do on its own pages, nobody can guess.
        let count = if is_foreign {
            UNIVERSAL
        } else {
            self.always.len()
        };
        headers.reserve(count + OTHERS);
        for (name, value) in &self.always[..count] {
            if let Entry::Vacant(entry) = headers.entry(name) {
                entry.insert(value.clone());
            }
        }
        // A browser that once saw this on a certificate it was told to trust could never come back without it.
        if let Some(hsts) = self.hsts.as_ref().filter(|_| is_real) {
            headers.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
    }
}
