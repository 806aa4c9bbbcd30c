//! What all worker threads share.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::request::Parts;
use lifecycle::Facts;
use tokio::sync::Barrier;
use traffic::Ban;

use crate::acme::Front;
use crate::admission::Together;
use crate::bans::Bans;
use crate::compress::Running;
use crate::config::Masked;
use crate::connections::Connections;
use crate::crowd::Crowd;
use crate::descriptors;
use crate::domains::Naming;
use crate::drain::Drain;
use crate::gateways::Gateways;
use crate::metrics::Metrics;
use crate::rules::Rules;
use crate::site::HostPattern;
use crate::sockets::Listening;
use crate::start_error::StartError;
use crate::tls::{Certificates, Own};
use crate::upstream::{Clock, Upstream};

/// What the HTTPS listener works with.
pub(crate) struct Secure {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where those who keep the certificates are told of other names.
    pub(crate) naming: Naming,
    pub(crate) certificates: Arc<Certificates>,
    /// There while certificates are fetched.
    pub(crate) front: Option<Front>,
    /// The operator's own, where there are any.
    pub(crate) own: Option<Own>,
}

/// Rules, tables and counters; each of them is safe to use from any thread.
pub(crate) struct Shared {
    /// A copy for each worker thread: a counter that all threads pull at would slow every request down.
    rules: Box<[ArcSwap<Rules>]>,
    /// Where worker threads wait for each other after a handover.
    pub(crate) last: Barrier,
    pub(crate) listening: Listening,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    pub(crate) secure: Option<Secure>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) crowd: Crowd,
    pub(crate) bans: Bans,
    /// One for each worker thread.
    drains: Box<[Arc<Drain>]>,
    /// There where limits are held together with other edges.
    pub(crate) together: Option<Together>,
    pub(crate) compressing: Arc<Running>,
}

impl Shared {
    pub(crate) fn new(
        rules: &Rules,
        threads: usize,
        clock: Clock,
        metrics: Metrics,
        secure: Option<Secure>,
        facts: Facts,
    ) -> Result<Self, StartError> {
        let bounds = &rules.config.connections;
        let most = descriptors::connections(bounds.most).map_err(StartError::Descriptors)?;
        let connections = Arc::new(Connections::new(most, bounds.per_address));
        let crowd = Crowd::new(
            Gateways::read(),
            metrics.client_ip_masked.clone(),
            facts.clone(),
        );
        let bans = Bans::new(metrics.bans.clone(), facts);
        let copies = (0..threads).map(|_| ArcSwap::from_pointee(rules.clone()));
        Ok(Self {
            rules: copies.collect(),
            last: Barrier::new(threads),
            listening: Listening::default(),
            clock,
            metrics,
            secure,
            connections,
            crowd,
            bans,
            drains: (0..threads).map(|_| Arc::default()).collect(),
            together: None,
            compressing: Arc::default(),
        })
    }

    /// With the way to other edges that hold the same limits.
    pub(crate) fn in_company(self, together: Option<Together>) -> Self {
        Self { together, ..self }
    }

    /// Whether limits by address don't hold for this one, since it stands for nearly everybody.
    pub(crate) fn spares(&self, rules: &Rules, address: IpAddr) -> bool {
        rules.config.limit.masked == Masked::Observe && self.crowd.hides(address)
    }

    /// What an authority is shown that asks whether a name leads here.
    pub(crate) fn proof(&self, head: &Parts) -> Option<Vec<u8>> {
        self.secure
            .as_ref()?
            .front
            .as_ref()?
            .challenges
            .answer(head.uri.path())
    }

    /// Why this name has no certificate yet; `None` when it has one, or when none is fetched.
    pub(crate) fn awaited(&self, domain: &str) -> Option<Arc<String>> {
        let secure = self.secure.as_ref()?;
        let front = secure.front.as_ref()?;
        let has_one = secure.certificates.has_real_for(domain);
        (!has_one).then(|| front.standing.why(domain))
    }

    /// Warns of hosts that no client can reach over HTTPS, and from plain HTTP would be sent elsewhere.
    pub(crate) fn warn_of_sites(&self, rules: &Rules) {
        let Some(secure) = &self.secure else {
            return;
        };
        let sites = rules.config.site.iter();
        let hosts: BTreeSet<&str> = sites.map(|site| site.host.as_str()).collect();
        for host in hosts {
            let is_name = matches!(host.parse(), Ok(HostPattern::Exact(_)));
            if is_name && secure.certificates.choose(Some(host)).is_none() {
                tracing::warn!(
                    "no certificate stands for the site `{host}`, and nobody can reach it over HTTPS: add the name to `domains`, or to the certificates of `edge.tls`"
                );
            }
        }
    }

    /// Puts other rules in force, for every request from now on.
    pub(crate) fn obey(&self, rules: &Rules) {
        for copy in &self.rules {
            copy.store(Arc::new(rules.clone()));
        }
    }

    /// Every upstream there is at the moment.
    pub(crate) fn upstreams(&self) -> Vec<Arc<Upstream>> {
        self.rules(0).routes.upstreams()
    }

    /// By which the connections of the worker thread of this number are told to go.
    pub(crate) fn drain(&self, worker: usize) -> Arc<Drain> {
        Arc::clone(&self.drains[worker])
    }

    /// Puts these bans in force; whoever is connected and banned now is seen off.
    pub(crate) fn ban(&self, bans: &[Ban]) {
        if self.bans.put(bans) {
            self.drains.iter().for_each(|drain| drain.look_again());
        }
    }

    /// The rules in force, as the worker thread of this number has them.
    pub(crate) fn rules(&self, worker: usize) -> Arc<Rules> {
        self.rules[worker].load_full()
    }
}
