//! How a request and its answer are passed on: what may follow the bodies, and how long they may be silent.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};

use crate::config::{Protocol, UpstreamConfig};
use crate::headers::Trailers;

const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What is known of a request before it is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    is_http2: bool,
    /// A gRPC call, whose ends speak whenever they like.
    is_call: bool,
    stream_idle: Duration,
}

impl Manner {
    pub(super) fn of(config: &UpstreamConfig, request: &HeaderMap) -> Self {
        let is_http2 = config.protocol == Protocol::Http2;
        Self {
            is_http2,
            is_call: is_http2 && has_type(request, "application/grpc"),
            stream_idle: config.stream_idle.duration(),
        }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.is_http2
    }

    /// Which of a request's trailers reach the target: HTTP/1.1 has them only where both ends agreed before.
    pub(super) fn trailers(&self) -> Option<Trailers> {
        self.is_http2.then(|| self.answer_trailers())
    }

    /// Which of an answer's trailers reach the client.
    pub(super) fn answer_trailers(&self) -> Trailers {
        if self.is_call {
            Trailers::Call
        } else {
            Trailers::Grpc
        }
    }

    /// How long a call may be silent; `None` for what is no call.
    pub(super) fn silence(&self) -> Option<Duration> {
        self.is_call.then_some(self.stream_idle)
    }

    /// How long an answer with this head may be silent, if that is another time than usual.
    pub(super) fn answer_silence(&self, answer: &HeaderMap) -> Option<Duration> {
        let is_stream = self.is_call
            || has_type(answer, "text/event-stream")
            || answer
                .get(ACCEL_BUFFERING)
                .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"no"));
        is_stream.then_some(self.stream_idle)
    }
}

/// Whether the content is of this type, or of one that adds something to it with `+` or `;`.
fn has_type(headers: &HeaderMap, wanted: &str) -> bool {
    let Some(stated) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    let stated = stated.as_bytes();
    stated
        .get(..wanted.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(wanted.as_bytes()))
        && matches!(stated.get(wanted.len()), None | Some(b'+' | b';' | b' '))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_type_is_known_by_its_name_whatever_follows() {
        for (stated, is_it) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("Application/gRPC; x=y", true),
            ("application/grpc-web", false),
            ("application/json", false),
            ("app", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(stated));
            assert_eq!(has_type(&headers, "application/grpc"), is_it, "{stated}");
        }
        assert!(!has_type(&HeaderMap::new(), "application/grpc"));
    }
}
