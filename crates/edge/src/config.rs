//! What an operator can set under `[edge]`; every key has a default that serves.

mod address;
mod language;
mod limits;
mod pair;
mod routes;
mod site;
mod trusted_header;
mod units;
mod upstream;
mod zeros;

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

pub(crate) use address::{Address, Host};
pub use language::Language;
pub use limits::{KeyedLimitConfig, LimitKey, LimitStatus, Masked};
pub use pair::PairConfig;
pub use routes::{RouteFault, WEB};
pub use site::SiteConfig;
pub use trusted_header::TrustedHeader;
pub use units::{ByteSize, Directory, InvalidUnit, Listen, RateSetting, Span};
pub use upstream::{Balance, CheckConfig, Protocol, TargetConfig, TargetTable, UpstreamConfig};

/// The front door's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where plain HTTP/1.1 is served; `off` closes it. Default `127.0.0.1:8080`.
    pub http: Listen,
    /// Where HTTPS (HTTP/1.1 and HTTP/2) is served; `off` closes it. Default `127.0.0.1:8443`.
    pub https: Listen,
    /// Networks whose forwarding headers and `X-Request-Id` are believed. Default none; for example `["10.0.0.0/8"]`.
    pub trusted_proxies: Vec<IpNet>,
    /// The header by which they say who the client is, and whether its connection was encrypted: `x-forwarded-for` (with
    /// `x-forwarded-proto`), or `forwarded` (RFC 7239). The other one is not believed, since they may pass on what a
    /// client wrote there. Default `x-forwarded-for`.
    pub trusted_header: TrustedHeader,
    /// Whether connections from `trusted_proxies` begin with a PROXY header (version 1 or 2), which names the client:
    /// one without it is closed, and so is one of anybody else with it. Default false.
    pub proxy_protocol: bool,
    /// Networks of clients whose refused requests are explained in the header `X-Pendopo-Why`: cause, site, upstream,
    /// and who was tried. Default none; for example `["192.0.2.7/32"]`.
    pub explain_to: Vec<IpNet>,
    /// The language of the edge's own pages when the browser states none: that of the whole configuration.
    #[serde(skip)]
    pub language: Language,
    /// How long browsers shall insist on HTTPS; sent only with a certificate from a public or own authority,
    /// never with the local one. `0s` sends none. Default `365d`.
    pub hsts: Span,
    /// Whether long texts are compressed (zstd, brotli, gzip) for clients that take it. Default true.
    pub compress: bool,
    /// Requests per client address.
    pub limit: LimitConfig,
    /// More limits, each an `[[edge.limits]]` with a key of its own: an address, a header or a site. Default none.
    pub limits: Vec<KeyedLimitConfig>,
    /// Open connections.
    pub connections: ConnectionsConfig,
    /// What one request may hold.
    pub request: RequestConfig,
    /// How long clients may take.
    pub timeout: TimeoutConfig,
    /// Certificates from files.
    pub tls: TlsConfig,
    /// Certificates from an authority.
    pub acme: AcmeConfig,
    /// The access log.
    pub log: LogConfig,
    /// The name server that is asked for the names of targets, as address and port. Default those of
    /// `/etc/resolv.conf`; for example `127.0.0.11:53`.
    pub name_server: Option<SocketAddr>,
    /// Groups of targets that answer for sites, each an `[[edge.upstream]]`. Default none.
    pub upstream: Vec<UpstreamConfig>,
    /// Which hosts and paths go where, each an `[[edge.site]]`. Default none: every host goes to Pendopo's own web.
    pub site: Vec<SiteConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            http: Listen::loopback(8080),
            https: Listen::loopback(8443),
            trusted_proxies: Vec::new(),
            trusted_header: TrustedHeader::default(),
            proxy_protocol: false,
            explain_to: Vec::new(),
            language: Language::default(),
            hsts: Span::from_days(365),
            compress: true,
            limit: LimitConfig::default(),
            limits: Vec::new(),
            connections: ConnectionsConfig::default(),
            request: RequestConfig::default(),
            timeout: TimeoutConfig::default(),
            tls: TlsConfig::default(),
            acme: AcmeConfig::default(),
            log: LogConfig::default(),
            name_server: None,
            upstream: Vec::new(),
            site: Vec::new(),
        }
    }
}

impl Config {
    /// Whether certificates for these domains are fetched from an authority.
    pub fn fetches_certificates(&self, domains: &[String]) -> bool {
        !domains.is_empty()
            && !self.tls.has_own()
            && self.https != Listen::OFF
            && self.acme.directory != Directory::OFF
    }
}

/// nginx's `limit_req`, by client address (IPv6 by /64). `GET /health` is never limited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitConfig {
    /// Requests a second or a minute, such as `20r/s` or `600r/m`; `off` limits nobody. Default `20r/s`.
    pub rate: RateSetting,
    /// Requests above the rate that are taken at a time, at most 1,000,000; more are refused. Default 40.
    pub burst: u32,
    /// Of these, how many go through at once; the others wait until the rate allows them. Default 20.
    pub delay: u32,
    /// Whether the whole burst goes through at once. Default false.
    pub nodelay: bool,
    /// Whether the limit only says, in log and metrics, what it would do. Default false.
    pub dry_run: bool,
    /// The status of refusals: 429, or 503 as nginx answers. Default 429.
    pub status: LimitStatus,
    /// Addresses remembered at a time, 34 bytes each, at most 16,777,216; more are forgotten, not refused.
    /// Default 32,768.
    pub addresses: usize,
    /// Requests that may wait at a time, for whatever limit; more are refused. Default 1,024.
    pub waiting: usize,
    /// What becomes of a gateway's address behind which nearly everybody stands, as in Swarm's mesh: `observe` has the
    /// limits by address only say what they would do to it, and does not count its connections; `enforce` limits it as
    /// any other. Default `observe`.
    pub masked: Masked,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            rate: RateSetting::per_second(20),
            burst: 40,
            delay: 20,
            nodelay: false,
            dry_run: false,
            status: LimitStatus::TooManyRequests,
            addresses: 32_768,
            waiting: 1024,
            masked: Masked::Observe,
        }
    }
}

/// How many connections may be open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionsConfig {
    /// Connections in all; more are closed at once. 0 takes 10,240, or what the process's open-file limit
    /// leaves if that is less. Default 0.
    pub most: usize,
    /// Connections of one address (IPv6 by /64); trusted proxies are exempt. Default 512.
    pub per_address: usize,
}

impl Default for ConnectionsConfig {
    fn default() -> Self {
        Self {
            most: 0,
            per_address: 512,
        }
    }
}

/// What one request may hold; a request with more is refused before anything reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestConfig {
    /// The request line and headers together (431 beyond). Default `32KiB`.
    pub head: ByteSize,
    /// Path and query (414 beyond). Default `16KiB`.
    pub target: ByteSize,
    /// The body (413 beyond). Default `10MiB`.
    pub body: ByteSize,
}

impl Default for RequestConfig {
    fn default() -> Self {
        Self {
            head: ByteSize::kib(32),
            target: ByteSize::kib(16),
            body: ByteSize::mib(10),
        }
    }
}

/// How long a client may take; a connection that takes longer is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeoutConfig {
    /// The PROXY header, if there is one, and then the TLS handshake. Default `10s`.
    pub handshake: Span,
    /// A request's headers, from the connection's opening or the first byte. Default `10s`.
    pub head: Span,
    /// The silence between two parts of a request's body (408 beyond). Default `15s`.
    pub body_idle: Span,
    /// A request's whole body (408 beyond). Default `10m`.
    pub body: Span,
    /// The pause between two requests. Default `75s`.
    pub idle: Span,
    /// How long a client may leave its answer unread. Default `30s`.
    pub write: Span,
}

impl Default for TimeoutConfig {
    fn default() -> Self {
        Self {
            handshake: Span::from_secs(10),
            head: Span::from_secs(10),
            body_idle: Span::from_secs(15),
            body: Span::from_secs(600),
            idle: Span::from_secs(75),
            write: Span::from_secs(30),
        }
    }
}

/// Certificates of the operator's own; without one, a local authority in the data directory issues one. The files are
/// looked at every second: a new pair takes effect with the next handshake, and of a pair that can't be used the
/// last good one stays. A reload puts other files in force; from no files to some, or back, takes a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// A PEM file with the certificate and its chain. Default none; for example `/etc/pendopo/fullchain.pem`.
    pub certificate: Option<PathBuf>,
    /// A PEM file with the certificate's private key. Default none.
    pub key: Option<PathBuf>,
    /// More certificates, each an `[[edge.tls.pair]]` with `certificate` and `key`. A client gets the first that has
    /// the very name it asks for, else the first with a wildcard for it; one that names none gets the first of all.
    /// Default none.
    pub pair: Vec<PairConfig>,
}

impl TlsConfig {
    /// Whether any certificate of the operator's own is named.
    pub fn has_own(&self) -> bool {
        self.certificate.is_some() || self.key.is_some() || !self.pair.is_empty()
    }

    /// Every pair in order, that of `certificate` and `key` first; `None` when only one of these two is set.
    pub(crate) fn pairs(&self) -> Option<Vec<PairConfig>> {
        let first = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some(PairConfig {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            (None, None) => None,
            _ => return None,
        };
        Some(first.into_iter().chain(self.pair.iter().cloned()).collect())
    }
}

/// Certificates from an authority that speaks ACME, such as Let's Encrypt. They are fetched for `domains`, if there
/// are any and no certificate of the operator's own is set, and renewed in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AcmeConfig {
    /// The authority's directory; `off` fetches no certificates. Default Let's Encrypt's.
    pub directory: Directory,
    /// A PEM file with roots to trust beside the public ones when the authority is spoken to. Default none; for
    /// example `/etc/pendopo/our-root.pem`.
    pub ca_file: Option<PathBuf>,
    /// An e-mail address for the authority, which may write to it when something is wrong. Default none; for example
    /// `admin@sekolah.example`.
    pub email: Option<String>,
    /// Whether each name is tried from here before the authority tries it: a name that does not lead here then costs
    /// no failed attempt. Turn it off where this machine can't reach itself by its public names. Default true.
    pub preflight: bool,
    /// The port on which the authority asks for proofs over plain HTTP, by whatever way it leads to `edge.http`; every
    /// public authority asks on 80. Default 80.
    pub challenge_port: u16,
    /// How long an edge that orders may be silent before another one that shares its `tls/` takes over. Longer than a
    /// change takes to be seen by all on a network file system. Default `2m`.
    pub lease: Span,
}

impl Default for AcmeConfig {
    fn default() -> Self {
        Self {
            directory: Directory::lets_encrypt(),
            ca_file: None,
            email: None,
            preflight: true,
            challenge_port: 80,
            lease: Span::from_secs(120),
        }
    }
}

/// The access log, `logs/access.log` in the data directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// The size at which a new file begins. Default `64MiB`.
    pub size: ByteSize,
    /// The age at which a new file begins. Default `1d`.
    pub age: Span,
    /// Finished files that are kept, compressed. Default 14.
    pub keep: usize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            size: ByteSize::mib(64),
            age: Span::from_days(1),
            keep: 14,
        }
    }
}

#[cfg(test)]
mod tests;
