//! What an operator can set in an `[[edge.tls.pair]]`: one certificate of their own, and its key.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Two files that belong together; both are looked at every second, and a new pair takes effect by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairConfig {
    /// A PEM file with the certificate and its chain.
    pub certificate: PathBuf,
    /// A PEM file with the certificate's private key.
    pub key: PathBuf,
}
