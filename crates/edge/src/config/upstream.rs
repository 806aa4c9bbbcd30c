//! What an operator can set in an `[[edge.upstream]]`: who answers, and how requests are spread.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Span;

/// A named group of targets that can answer for each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamConfig {
    /// The name by which sites and the log know it.
    pub name: String,
    /// Who answers: URLs such as `http://127.0.0.1:9001` or `https://app.internal`, or tables such as
    /// `{ url = "http://app:8000", weight = 2, backup = true }`. A DNS name may stand for many addresses.
    pub targets: Vec<TargetConfig>,
    /// What is spoken with the targets: `http1` or `http2`, which gRPC needs; `https` targets must then offer `h2` by ALPN,
    /// and `http` targets are spoken to in HTTP/2 at once. Default `http1`.
    pub protocol: Protocol,
    /// How requests are spread: `round_robin`, `least_conn`, `ip_hash` or `rendezvous`. Default `round_robin`.
    pub balance: Balance,
    /// Requests that ask each target whether it is well. Default none: only failed connections count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckConfig>,
    /// For how long a target that came back is spared: its share grows from nothing to the whole. Default `0s`.
    pub slow_start: Span,
    /// After so many failures in a row, without an answer in between, a target is left out for `eject_for`: connections
    /// that could not be made, or that it closed without a word, and answers that did not begin within `head_timeout`.
    /// Default 3; 0 never.
    pub eject_after: u32,
    /// How long such a target is left out. Default `10s`.
    pub eject_for: Span,
    /// How long a request waits for a target when none can be reached. Default `10s`.
    pub wait: Span,
    /// How many requests may wait so at a time; more are answered 503. Default 1,024.
    pub waiting: usize,
    /// How many requests of a hundred may be sent a second time; only those are that change nothing. Default 20.
    pub retry_percent: u32,
    /// How long a connection may take to be made, TLS included. Default `2s`.
    pub connect_timeout: Span,
    /// How long a target may take to begin its answer once it has the request (504 beyond). Default `60s`.
    pub head_timeout: Span,
    /// The silence between two parts of an answer; the answer is broken off beyond. Default `60s`.
    pub idle_timeout: Span,
    /// How long what lasts may be silent: a WebSocket or another tunnel and a gRPC call both ways, an event stream and
    /// an answer with `X-Accel-Buffering: no`. Default `1h`.
    pub stream_idle: Span,
    /// How long a connection is kept for the next request; less where the target closes sooner. Default `4s`.
    pub keep_alive: Span,
    /// Connections kept so, for each target and worker thread. Default 64.
    pub keep: usize,
    /// A PEM file with the authorities that `https` targets are trusted by, read at the start and when the upstream
    /// changes. Default none: those of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Default for UpstreamConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            targets: Vec::new(),
            protocol: Protocol::default(),
            balance: Balance::default(),
            check: None,
            slow_start: Span::from_secs(0),
            eject_after: 3,
            eject_for: Span::from_secs(10),
            wait: Span::from_secs(10),
            waiting: 1024,
            retry_percent: 20,
            connect_timeout: Span::from_secs(2),
            head_timeout: Span::from_secs(60),
            idle_timeout: Span::from_secs(60),
            stream_idle: Span::from_secs(3600),
            keep_alive: Span::from_secs(4),
            keep: 64,
            ca_file: None,
        }
    }
}

/// One target as it is written: its URL alone, or a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TargetConfig {
    /// The URL.
    Url(String),
    /// The URL with what sets the target apart.
    Table(TargetTable),
}

/// A target that differs from the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetTable {
    /// `http://` or `https://`, a name or an address, perhaps a port; no path.
    pub url: String,
    /// Its share of the requests. Default 1.
    #[serde(default = "one")]
    pub weight: u32,
    /// Whether it only serves while no other does. Default false.
    #[serde(default)]
    pub backup: bool,
}

fn one() -> u32 {
    1
}

impl TargetConfig {
    /// The URL.
    pub fn url(&self) -> &str {
        match self {
            Self::Url(url) => url,
            Self::Table(table) => &table.url,
        }
    }

    /// Its share of the requests.
    pub fn weight(&self) -> u32 {
        match self {
            Self::Url(_) => 1,
            Self::Table(table) => table.weight,
        }
    }

    /// Whether it only serves while no other does.
    pub fn is_backup(&self) -> bool {
        matches!(self, Self::Table(table) if table.backup)
    }
}

/// What is spoken with targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HTTP/1.1, one request at a time on each connection. A WebSocket or another upgrade passes.
    #[default]
    Http1,
    /// HTTP/2, many requests at a time on one connection, with trailers both ways. No upgrades.
    Http2,
}

/// How requests are spread over targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// In turn, by weight.
    #[default]
    RoundRobin,
    /// To the one with the fewest requests in flight for its weight.
    LeastConn,
    /// By the client's network, as nginx does: an IPv4 /24, a whole IPv6 address.
    IpHash,
    /// By the client's address, so that a target more or less moves only its own share of the clients.
    Rendezvous,
}

/// How a target is asked whether it is well: any 2xx or 3xx says that it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckConfig {
    /// What is asked for. Default `/health`.
    pub path: String,
    /// The pause between two questions, varied by a fifth. Default `5s`.
    pub interval: Span,
    /// How long an answer may take. Default `2s`.
    pub timeout: Span,
    /// After so many good answers in a row a target is used again. Default 2.
    pub rise: u32,
    /// After so many bad ones it is left out. Default 3.
    pub fall: u32,
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self {
            path: "/health".to_owned(),
            interval: Span::from_secs(5),
            timeout: Span::from_secs(2),
            rise: 2,
            fall: 3,
        }
    }
}
