//! What an operator may do to the running edge.

mod bans;
mod reload;
mod targets;

use std::io;
use std::sync::Arc;

use prometheus_client::registry::Registry;
use thiserror::Error;
use tokio::sync::watch;

use crate::access_log::{Company, InForce};
use crate::shared::Shared;
use crate::sockets::Handed;
use crate::upstream::{Charge, Target, Upstream};

/// The hand on the running edge; cheap to clone.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
    charge: watch::Sender<Charge>,
    company: Company,
    log: InForce,
}

/// Targets that one name stands for: a name in DNS may have many, and an address may serve several upstreams.
pub struct Chosen(Vec<(Arc<Upstream>, Vec<Arc<Target>>)>);

/// Nobody goes by this name.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum UnknownTarget {
    /// There are others.
    #[error("there is no target `{0}`: there are {1}")]
    Other(String, String),
    /// There are none at all.
    #[error("there is no target `{0}`: no `[[edge.upstream]]` has one at the moment")]
    Nobody(String),
}

impl Control {
    pub(crate) fn new(
        shared: Arc<Shared>,
        company: Company,
        log: InForce,
        registry: &mut Registry,
    ) -> Self {
        let registry = registry.sub_registry_with_prefix("edge");
        registry.register_collector(Box::new(targets::States(Arc::clone(&shared))));
        let charge = watch::Sender::new(reload::charge(&shared.rules(0)));
        Self {
            shared,
            charge,
            company,
            log,
        }
    }

    /// Tells whom to look after, now and after each reload.
    pub(crate) fn charge(&self) -> watch::Receiver<Charge> {
        self.charge.subscribe()
    }

    /// What another process needs to go on in the place of this one: a second handle on each listening socket, and which
    /// targets are drained.
    pub fn hand_over(&self) -> io::Result<Handed> {
        let upstreams = self.shared.upstreams();
        let drained = upstreams.iter().flat_map(|upstream| upstream.drained());
        Ok(Handed {
            drained: drained.collect(),
            ..self.shared.listening.handles()?
        })
    }

    /// Says whether another process writes to the access log as well.
    pub fn has_company(&self, is_there: bool) {
        self.company.set(is_there);
    }

    /// The targets that go by this name; never empty.
    pub fn choose(&self, name: &str) -> Result<Chosen, UnknownTarget> {
        let upstreams = self.shared.upstreams();
        let found = upstreams.iter().map(|upstream| {
            let targets = upstream.find(name);
            (Arc::clone(upstream), targets)
        });
        let found: Vec<_> = found.filter(|(_, targets)| !targets.is_empty()).collect();
        if !found.is_empty() {
            return Ok(Chosen(found));
        }
        let known = upstreams.iter().flat_map(|upstream| {
            let members = upstream.members();
            let label = |target: &Arc<Target>| format!("`{}`", target.label);
            members.iter().map(label).collect::<Vec<_>>()
        });
        let known: Vec<_> = known.collect();
        if known.is_empty() {
            return Err(UnknownTarget::Nobody(name.to_owned()));
        }
        Err(UnknownTarget::Other(name.to_owned(), known.join(", ")))
    }
}

impl Chosen {
    /// Their names in the log, with commas between.
    pub fn labels(&self) -> String {
        let labels: Vec<&str> = self.targets().map(|target| &*target.label).collect();
        labels.join(", ")
    }

    /// An upstream that would have nobody else to send requests to.
    pub fn would_empty(&self) -> Option<&str> {
        let mut upstreams = self.0.iter();
        let (upstream, _) = upstreams.find(|(upstream, these)| !upstream.has_other(these))?;
        Some(&upstream.name)
    }

    /// Sends them no new requests.
    pub fn drain(&self) {
        self.targets().for_each(|target| target.drain());
    }

    /// Sends them requests again.
    pub fn resume(&self) {
        for (upstream, targets) in &self.0 {
            for target in targets {
                upstream.resume(target);
            }
        }
    }

    /// Requests that they have not answered to the end.
    pub fn in_flight(&self) -> usize {
        self.targets().map(|target| target.in_flight()).sum()
    }

    fn targets(&self) -> impl Iterator<Item = &Arc<Target>> {
        self.0.iter().flat_map(|(_, targets)| targets)
    }
}
