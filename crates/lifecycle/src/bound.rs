//! What is listening where, once every role has bound.

use std::fmt;
use std::net::SocketAddr;

/// One listener that accepts connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The role or part that answers here, such as `edge`, `web` or `admin`.
    pub role: &'static str,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The address, with the port that the system chose if 0 was asked for.
    pub address: SocketAddr,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.address)
    }
}
