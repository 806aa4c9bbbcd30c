//! Somebody who only wants to be served, on old connections and on new ones.

use testkit::{Http2, Raw};

use crate::server::Server;

const REQUEST: &str = "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/// With a connection of either protocol.
pub(crate) struct Others<'a> {
    server: &'a Server,
    one_at_a_time: Raw,
    many_at_a_time: Http2,
}

impl<'a> Others<'a> {
    pub(crate) fn meet(server: &'a Server) -> Self {
        Self {
            server,
            one_at_a_time: server.https(),
            many_at_a_time: server.http2(),
        }
    }

    /// A round of three requests, all of which must be answered, one of them on a new connection.
    pub(crate) fn ask(&mut self) {
        assert_eq!(self.one_at_a_time.exchange(REQUEST).status, 200);
        let uri = format!("https://{}/health", self.server.https_address());
        assert_eq!(self.many_at_a_time.get(&uri).status, 200);
        assert_eq!(self.server.https().exchange(REQUEST).status, 200);
    }
}
