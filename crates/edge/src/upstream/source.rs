//! Where targets come from: each line of `targets`, which is an address or a name that stands for many.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::HeaderValue;

use super::target::{Birth, Target, Verdict};
use super::trust::{self, Tls, TrustError};
use crate::config::UpstreamConfig;
use crate::config::{Address, Host};

/// One configured target.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) address: Address,
    upstream: Box<str>,
    authority: HeaderValue,
    tls: Option<Tls>,
    weight: u32,
    is_backup: bool,
    keep_alive: std::time::Duration,
    fixed: Option<Arc<Target>>,
}

/// Every source of an upstream without faults.
pub(super) fn all(config: &UpstreamConfig) -> Result<Vec<Source>, TrustError> {
    let parse = |target: &crate::config::TargetConfig| {
        let address = target.url().parse::<Address>().ok()?;
        let authority = HeaderValue::try_from(address.authority()).ok()?;
        Some((address, authority, target.weight(), target.is_backup()))
    };
    let parsed: Vec<_> = config.targets.iter().filter_map(parse).collect();
    let client_config = if parsed.iter().any(|(address, ..)| address.is_tls) {
        Some(trust::client_config(config.ca_file.as_deref())?)
    } else {
        None
    };
    let source = |(address, authority, weight, is_backup): (Address, HeaderValue, u32, bool)| {
        let tls = client_config
            .as_ref()
            .filter(|_| address.is_tls)
            .and_then(|config| Tls::of(config, &address));
        let mut source = Source {
            upstream: config.name.as_str().into(),
            authority,
            tls,
            weight,
            is_backup,
            keep_alive: config.keep_alive.duration(),
            fixed: None,
            address,
        };
        let socket = source.address.socket();
        // Time 0: those that are there from the start are not spared.
        source.fixed = socket.map(|socket| source.target(socket.ip(), Verdict::Up, 0));
        source
    };
    Ok(parsed.into_iter().map(source).collect())
}

impl Source {
    /// The one target of a source that needs no DNS.
    pub(super) fn fixed(&self) -> Option<Arc<Target>> {
        self.fixed.clone()
    }

    /// The name to look up, if it has one.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.address.host {
            Host::Name(name) => Some(name),
            Host::Ip(_) => None,
        }
    }

    /// A target at one of the source's addresses.
    pub(super) fn target(&self, address: IpAddr, verdict: Verdict, now: u64) -> Arc<Target> {
        Arc::new(Target::new(Birth {
            upstream: &self.upstream,
            socket: SocketAddr::new(address, self.address.port),
            authority: self.authority.clone(),
            tls: self.tls.clone(),
            weight: self.weight,
            is_backup: self.is_backup,
            verdict,
            keep_alive: self.keep_alive,
            now,
        }))
    }
}
