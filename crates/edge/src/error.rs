//! Every reason for which the edge answers itself: what is wrong, and what to do about it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

/// One reason to refuse a request.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// A short word for the log and the metrics.
    pub(crate) cause: &'static str,
    /// For people: what is wrong, and the mend.
    pub(crate) detail: &'static str,
}

/// A refusal, perhaps with the time after which another try would pass.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) refusal: &'static Refusal,
    pub(crate) retry: Option<Retry>,
    /// More than the refusal's own words say.
    pub(crate) why: Option<Arc<String>>,
    /// How long the file is beyond whose end a range begins.
    pub(crate) length: Option<u64>,
}

impl Refused {
    /// A refusal that lasts for a while, for this reason.
    pub(crate) fn because(refusal: &'static Refusal, why: Arc<String>) -> Self {
        Self {
            why: Some(why),
            ..Self::from(refusal)
        }
    }

    /// A range of a file that is only so long.
    pub(crate) fn beyond(length: u64) -> Self {
        Self {
            length: Some(length),
            ..Self::from(&RANGE)
        }
    }

    /// For people: what is wrong, and the mend.
    pub(crate) fn detail(&self) -> Cow<'static, str> {
        match &self.why {
            Some(why) => Cow::Owned(format!("{}: {why}", self.refusal.detail)),
            None => Cow::Borrowed(self.refusal.detail),
        }
    }
}

/// What a limited client is told.
#[derive(Debug, Clone)]
pub(crate) struct Retry {
    /// The limit's name.
    pub(crate) limit: Arc<str>,
    /// When another try would pass.
    pub(crate) after: Duration,
    /// The time that one request takes at the rate.
    pub(crate) interval: Duration,
}

impl From<&'static Refusal> for Refused {
    fn from(refusal: &'static Refusal) -> Self {
        Self {
            refusal,
            retry: None,
            why: None,
            length: None,
        }
    }
}

/// Breaks an answer off whose head has been sent, and says why.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.detail)]
pub(crate) struct Broken(pub(crate) &'static Refusal);

/// One line a refusal: its name in the code, status, cause and detail.
macro_rules! refusals {
    ($($name:ident: $status:ident, $cause:literal, $detail:literal;)+) => {
        $(pub(crate) static $name: Refusal =
            Refusal { status: StatusCode::$status, cause: $cause, detail: $detail };)+

        /// Every refusal, for the metrics.
        pub(crate) static ALL: &[&Refusal] = &[$(&$name),+];
    };
}

refusals! {
    METHOD: METHOD_NOT_ALLOWED, "bad_request:method",
        "this server neither tunnels (`CONNECT`) nor echoes requests (`TRACE`)";
    PROTOCOL: NOT_IMPLEMENTED, "bad_request:protocol",
        "the only protocol that a `CONNECT` may name here is `websocket`";
    NO_TUNNEL: NOT_IMPLEMENTED, "no_tunnel",
        "what answers at this address takes no WebSockets";
    TARGET_FORM: BAD_REQUEST, "bad_request:target_form",
        "the request's target is no path: send `/…`";
    TARGET_TOO_LONG: URI_TOO_LONG, "too_long:target",
        "the address is too long: send long values in the body";
    TARGET_CHARACTER: BAD_REQUEST, "bad_request:target_character",
        "the address holds a character that must be percent-encoded, such as a backslash or a letter beyond ASCII";
    TARGET_AMBIGUOUS: BAD_REQUEST, "bad_request:target_ambiguous",
        "the address means another path once its dots and slashes are resolved: send that path";
    TOO_MANY_HEADERS: REQUEST_HEADER_FIELDS_TOO_LARGE, "too_long:headers",
        "the request has more than 100 headers";
    HOST_MISSING: BAD_REQUEST, "bad_request:host_missing",
        "the request names no host: send one `Host` header";
    HOST_TWICE: BAD_REQUEST, "bad_request:host_twice",
        "the request has more than one `Host` header: send one";
    HOST_MALFORMED: BAD_REQUEST, "bad_request:host",
        "the request's host is no name or address with an optional port";
    HOST_CONTRADICTS: BAD_REQUEST, "bad_request:host_contradicts",
        "the request names two hosts: `:authority` and `Host` must be the same";
    MISDIRECTED: MISDIRECTED_REQUEST, "misdirected:host",
        "this connection was made for another host: open a new one";
    CODING_UNKNOWN: NOT_IMPLEMENTED, "bad_request:transfer_coding_unknown",
        "the only transfer coding taken here is `chunked`";
    CODING_MALFORMED: BAD_REQUEST, "bad_request:transfer_coding",
        "`Transfer-Encoding` must be exactly one `chunked`";
    UPGRADE_WITH_BODY: BAD_REQUEST, "bad_request:upgrade_with_body",
        "a request to change protocols can't have a body";
    EXPECTATION: EXPECTATION_FAILED, "bad_request:expect",
        "the only expectation met here is `100-continue`";
    BODY_TOO_LARGE: PAYLOAD_TOO_LARGE, "too_long:body",
        "the body is larger than this server takes";
    BODY_TOO_SLOW: REQUEST_TIMEOUT, "timeout:body",
        "the body did not arrive in time";
    BODY_MISFRAMED: BAD_REQUEST, "bad_request:body",
        "the body's chunks are malformed";
    CLIENT_LEFT: BAD_REQUEST, "client_left",
        "the body ended before it was complete";
    LIMITED: TOO_MANY_REQUESTS, "limit",
        "too many requests: wait as long as `Retry-After` says";
    LIMITED_AS_UNAVAILABLE: SERVICE_UNAVAILABLE, "limit",
        "too many requests: wait as long as `Retry-After` says";
    BANNED: FORBIDDEN, "banned",
        "nothing is answered to this address: whoever looks after this server knows why, and until when";
    CERTIFICATE_AWAITED: SERVICE_UNAVAILABLE, "certificate_awaited",
        "this server has no certificate for its name yet, so nothing is shown here, where it could be read on the way";
    PANICKED: INTERNAL_SERVER_ERROR, "internal",
        "the server failed at this request: try again, and tell its operator the request's name if it fails again";
    NO_SITE: NOT_FOUND, "no_site",
        "no site of this server has this host and path";
    FILE_METHOD: METHOD_NOT_ALLOWED, "file_method",
        "files are only read here: send `GET` or `HEAD`";
    NO_FILE: NOT_FOUND, "no_file",
        "this site has no file of that name";
    FILE_DENIED: FORBIDDEN, "file_denied",
        "what has this name may not be read: it lies elsewhere, is no file, or this server has no right to it";
    FILE_UNREADABLE: INTERNAL_SERVER_ERROR, "file_unreadable",
        "the file can't be read: the server's log says why";
    FILE_CHANGED: INTERNAL_SERVER_ERROR, "file_changed",
        "somebody wrote to the file while it was sent";
    FOLDER_GONE: SERVICE_UNAVAILABLE, "folder_gone",
        "the folder of this site can't be opened: the server's log says why";
    PRECONDITION: PRECONDITION_FAILED, "precondition",
        "the file is not, or no longer, the one that the request's conditions name";
    RANGE: RANGE_NOT_SATISFIABLE, "range",
        "the file ends before the range begins: `Content-Range` says how long it is";
    DNS: SERVICE_UNAVAILABLE, "dns",
        "the server behind this one can't be found by its name: try again later";
    NO_HEALTHY: SERVICE_UNAVAILABLE, "no_healthy",
        "no server behind this one is well: try again later";
    UPSTREAM_BUSY: SERVICE_UNAVAILABLE, "upstream_busy",
        "too many requests wait for the server behind this one: try again later";
    CONNECT: BAD_GATEWAY, "connect",
        "the server behind this one can't be reached: try again later";
    CONNECT_TIMEOUT: GATEWAY_TIMEOUT, "timeout:connect",
        "the server behind this one took no connection in time: try again later";
    TLS: BAD_GATEWAY, "tls",
        "the server behind this one could not prove who it is";
    ANSWER_TIMEOUT: GATEWAY_TIMEOUT, "timeout:answer",
        "the server behind this one did not answer in time";
    UPSTREAM_CLOSED: BAD_GATEWAY, "closed",
        "the server behind this one closed the connection without an answer";
    BAD_RESPONSE: BAD_GATEWAY, "bad_response",
        "the server behind this one gave an answer that is no good HTTP";
    BAD_LINE_END: BAD_GATEWAY, "bad_response:line_end",
        "the server behind this one ends lines of its answer's head with a line feed alone: it must send CR LF";
    TRUNCATED: BAD_GATEWAY, "truncated",
        "the answer of the server behind this one broke off";
    IDLE_TIMEOUT: GATEWAY_TIMEOUT, "timeout:idle",
        "the answer of the server behind this one stopped coming";
    PROXY_HEADER: BAD_REQUEST, "bad_request:proxy_header",
        "the connection does not begin with a good PROXY header";
    PROXY_HEADER_FORBIDDEN: BAD_REQUEST, "bad_request:proxy_header_forbidden",
        "the connection begins with a PROXY header, and its sender is not in `edge.trusted_proxies`";
    PROXY_HEADER_TOO_SLOW: REQUEST_TIMEOUT, "timeout:proxy_header",
        "the connection's PROXY header did not arrive in time";
    HEAD_UNREADABLE: BAD_REQUEST, "bad_request:head",
        "the request can't be read as HTTP";
    HEAD_TOO_LONG: REQUEST_HEADER_FIELDS_TOO_LARGE, "too_long:head",
        "the request's head is too large";
    HEAD_TOO_SLOW: REQUEST_TIMEOUT, "timeout:head",
        "the request's head did not arrive in time";
}

/// Sent by hand to whoever speaks plain HTTP to the HTTPS listener.
pub(crate) const PLAIN_ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
content-type: text/plain\r\n\r\nThis port speaks HTTPS: write the address with https:// in front.\n";
