//! Why a target can't be reached.

use thiserror::Error;

/// Why no connection could be made.
#[derive(Debug, Error)]
pub(crate) enum Unreachable {
    #[error("no connection: {0}")]
    Connect(std::io::Error),
    #[error("no TLS: {0}")]
    Tls(std::io::Error),
    #[error("no connection in time")]
    Timeout,
}
