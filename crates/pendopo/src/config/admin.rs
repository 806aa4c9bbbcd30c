//! What an operator can set under `[admin]`, `[log]` and `[drain]`.

use std::net::{Ipv4Addr, SocketAddr};

use edge::config::Span;
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

/// The private listener and the first administrator.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AdminConfig {
    /// Where `/livez`, `/readyz`, `/startupz`, `/metrics` and `/status` are served, for programs on the same machine or
    /// network; it asks for no password, so never make it public. Default `127.0.0.1:9090`.
    pub(crate) listen: SocketAddr,
    /// The password that the first start gives to `admin`, who must change it when signing in. Default none: a
    /// random one is made and printed once.
    #[serde(serialize_with = "mask")]
    pub(crate) password: Option<SecretString>,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)),
            password: None,
        }
    }
}

/// What a secret looks like to everybody.
pub(crate) const MASK: &str = "********";

#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the field"
)]
pub(super) fn mask<S: Serializer>(
    secret: &Option<SecretString>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|_| MASK).serialize(serializer)
}

/// The program's own log, on standard error.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogConfig {
    /// The least important messages that are written: `error`, `warn`, `info`, `debug` or `trace`. Default `info`.
    pub(crate) level: Level,
    /// `human` for people, `json` for programs, `auto` for people at a terminal and for programs elsewhere. Default
    /// `auto`.
    pub(crate) format: Format,
}

/// How the server ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DrainConfig {
    /// How long new connections are still taken after SIGTERM, while `/readyz` and `/health` answer 503 and each answer
    /// closes its connection: the time that a load balancer in front needs to turn away. Default `0s`; behind one `5s`
    /// is right.
    pub(crate) delay: Span,
    /// How long a process that takes over may take until it says that it serves; then this one goes on. Default `1m`.
    pub(crate) takeover: Span,
}

impl Default for DrainConfig {
    fn default() -> Self {
        Self {
            delay: Span::from_secs(0),
            takeover: Span::from_secs(60),
        }
    }
}

/// Whether something is done at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Switch {
    #[default]
    On,
    Off,
}

/// How important a message must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// What a message looks like.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    #[default]
    Auto,
    Human,
    Json,
}
