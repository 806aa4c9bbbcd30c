//! How a request and its answer are passed on: what may follow the bodies, and how long they may be silent.

use std::time::Duration;

use http::HeaderMap;

use crate::config::{Protocol, UpstreamConfig};
use crate::headers::{Trailers, has_type, is_unbuffered};

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
        let is_stream = self.is_call || is_unbuffered(answer);
        is_stream.then_some(self.stream_idle)
    }
}
