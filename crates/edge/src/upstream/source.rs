//! Where targets come from: each line of `targets`, which is an address or a name that stands for many.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;

use super::Upstream;
use super::roster::Roster;
use super::target::{Birth, Target, Verdict};
use super::trust::{self, Tls, TrustError};
use crate::config::{Address, Host, Protocol, UpstreamConfig};

/// One configured target.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) address: Address,
    upstream: Box<str>,
    authority: HeaderValue,
    tls: Option<Tls>,
    protocol: Protocol,
    weight: u32,
    is_backup: bool,
    keep_alive: std::time::Duration,
    fixed: Option<Arc<Target>>,
    /// The targets of a name, which outlive a change of other settings.
    roster: Arc<Mutex<Roster>>,
}

/// Every source of an upstream without faults. One that stood there before, in all the same, keeps its targets; of one
/// that differs, targets begin with what is known of those before.
pub(super) fn all(
    config: &UpstreamConfig,
    before: Option<&Upstream>,
) -> Result<Vec<Source>, TrustError> {
    let parse = |target: &crate::config::TargetConfig| {
        let address = target.url().parse::<Address>().ok()?;
        let authority = HeaderValue::try_from(address.authority()).ok()?;
        Some((address, authority, target.weight(), target.is_backup()))
    };
    let parsed: Vec<_> = config.targets.iter().filter_map(parse).collect();
    let client_config = if parsed.iter().any(|(address, ..)| address.is_tls) {
        Some(trust::client_config(config)?)
    } else {
        None
    };
    let is_trust_same = before.is_some_and(|before| before.config.ca_file == config.ca_file);
    let source = |(address, authority, weight, is_backup): (Address, HeaderValue, u32, bool)| {
        let tls = client_config
            .as_ref()
            .filter(|_| address.is_tls)
            .and_then(|config| Tls::of(config, &address));
        let mut source = Source {
            upstream: config.name.as_str().into(),
            authority,
            tls,
            protocol: config.protocol,
            weight,
            is_backup,
            keep_alive: config.keep_alive.duration(),
            fixed: None,
            roster: Arc::default(),
            address,
        };
        let socket = source.address.socket();
        // Time 0: those that are there from the start are not spared.
        source.fixed = socket.map(|socket| source.target(socket.ip(), Verdict::Up, 0));
        match before.and_then(|before| before.source_at(&source.address)) {
            Some(old) if is_trust_same && old.is_like(&source) => old.clone(),
            Some(old) => source.after(old),
            None => source,
        }
    };
    Ok(parsed.into_iter().map(source).collect())
}

/// Every target of these sources at the moment, in their order.
pub(super) fn members(sources: &[Source]) -> Vec<Arc<Target>> {
    sources.iter().flat_map(Source::targets).collect()
}

impl Source {
    /// The name to look up, if it has one.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.address.host {
            Host::Name(name) => Some(name),
            Host::Ip(_) => None,
        }
    }

    /// Whether its targets would be the same as those of the other.
    fn is_like(&self, other: &Self) -> bool {
        self.weight == other.weight
            && self.is_backup == other.is_backup
            && self.protocol == other.protocol
            && self.keep_alive == other.keep_alive
    }

    /// Takes over which targets there are, and what is known of them.
    fn after(self, old: &Self) -> Self {
        if let (Some(own), Some(before)) = (&self.fixed, &old.fixed) {
            own.follow(before);
        }
        let make = |before: &Arc<Target>| {
            let own = self.target(before.socket.ip(), Verdict::Up, 0);
            own.follow(before);
            own
        };
        let roster = old.roster().map(make);
        *self.roster() = roster;
        self
    }

    /// The targets of its name.
    pub(super) fn roster(&self) -> MutexGuard<'_, Roster> {
        self.roster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every target it has at the moment.
    fn targets(&self) -> Vec<Arc<Target>> {
        let fixed = self.fixed.iter().cloned();
        fixed
            .chain(self.roster().current().iter().cloned())
            .collect()
    }

    /// A target at one of the source's addresses.
    pub(super) fn target(&self, address: IpAddr, verdict: Verdict, now: u64) -> Arc<Target> {
        Arc::new(Target::new(Birth {
            upstream: &self.upstream,
            socket: SocketAddr::new(address, self.address.port),
            authority: self.authority.clone(),
            tls: self.tls.clone(),
            protocol: self.protocol,
            weight: self.weight,
            is_backup: self.is_backup,
            verdict,
            keep_alive: self.keep_alive,
            now,
        }))
    }
}
