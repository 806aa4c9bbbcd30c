//! Which certificates the edge starts with, and who keeps them fresh.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use lifecycle::Tasks;
use lifecycle::tasks::TaskError;
use prometheus_client::registry::Registry;

use crate::acme::{Acme, Challenges, Order, Proof, Renewal};
use crate::config::{Config, Listen};
use crate::domains::{Domains, Naming};
use crate::lease;
use crate::shared::Secure;
use crate::tls::{
    Authority, Certificates, Keeper, Names, Notice, Own, OwnListener, Proofs, TlsError,
};

/// The certificates and their keepers.
pub(super) struct Keeping {
    /// Where HTTPS listens.
    https: SocketAddr,
    certificates: Arc<Certificates>,
    naming: Naming,
    own: Option<Own>,
    local: Option<Keeper>,
    acme: Option<Acme>,
}

/// What the edge knows before it has any.
pub(super) struct Ground<'a> {
    pub(super) config: &'a Config,
    pub(super) domains: &'a [String],
    pub(super) data: &'a Path,
    /// Where our own HTTPS listener is.
    pub(super) https: SocketAddr,
    pub(super) notice: Notice,
}

impl Keeping {
    /// The operator's own; else one by the local authority, and for domains one that is fetched.
    pub(super) fn begin(ground: &Ground<'_>, registry: &mut Registry) -> Result<Self, TlsError> {
        let pairs = ground.config.tls.pairs().ok_or(TlsError::Half)?;
        if pairs.is_empty() {
            ground.made(registry)
        } else {
            ground.own(Own::read(pairs)?)
        }
    }

    /// What the HTTPS listener works with.
    pub(super) fn secure(&self) -> Secure {
        Secure {
            address: self.https,
            naming: self.naming.clone(),
            certificates: Arc::clone(&self.certificates),
            front: self.acme.as_ref().map(Acme::front),
            own: self.own.clone(),
        }
    }

    /// By which a certificate can be asked for.
    pub(super) fn renewal(&self) -> Option<Renewal> {
        self.acme.as_ref().map(Acme::renewal)
    }

    /// Starts the keepers.
    pub(super) fn run(self, tasks: &mut Tasks) -> Result<(), TaskError> {
        if let Some(own) = self.own {
            let certificates = self.certificates;
            tasks.spawn("edge-certificate", |shutdown| {
                own.watch(certificates, shutdown)
            })?;
        }
        if let Some(keeper) = self.local {
            tasks.spawn("edge-certificate", |shutdown| keeper.run(shutdown))?;
        }
        if let Some(acme) = self.acme {
            tasks.spawn("edge-acme", |shutdown| acme.run(shutdown))?;
        }
        Ok(())
    }
}

impl Ground<'_> {
    fn own(&self, own: Own) -> Result<Keeping, TlsError> {
        let certificates = self.certificates(None, Some(self.known()))?;
        certificates.serve(own.served());
        own.tell_faults(&certificates);
        certificates.warn_of(self.domains);
        let (naming, _) = Domains::new(self.domains);
        Ok(Keeping {
            https: self.https,
            certificates: Arc::new(certificates),
            naming,
            own: Some(own),
            local: None,
            acme: None,
        })
    }

    fn made(&self, registry: &mut Registry) -> Result<Keeping, TlsError> {
        let fetches = self.config.fetches_certificates(self.domains);
        let challenges = fetches.then(|| Challenges::inside(self.data));
        // Without domains, whoever asks for any name is served.
        let known = (!self.domains.is_empty()).then(|| self.known());
        let certificates = Arc::new(self.certificates(challenges, known)?);
        let holder = lease::holder(self.data)
            .map_err(|error| TlsError::File(self.data.join("edge.id"), error))?;
        let (names, machine) = (self.names(), Names::of_machine());
        let authority = Authority::new(self.data.join("tls"), names, machine, holder.clone());
        certificates.serve_locally(authority.certificates(Timestamp::now())?);
        let (naming, domains) = Domains::new(self.domains);
        let acme = if fetches {
            Acme::new(
                self.order(&certificates, domains.clone(), holder),
                self.notice.facts.clone(),
                registry,
            )?
        } else {
            None
        };
        let keeper = Keeper {
            authority,
            certificates: Arc::clone(&certificates),
            listens: self.https.ip(),
            domains,
        };
        Ok(Keeping {
            https: self.https,
            certificates,
            naming,
            own: None,
            local: Some(keeper),
            acme,
        })
    }

    fn order(
        &self,
        certificates: &Arc<Certificates>,
        domains: Domains,
        holder: String,
    ) -> Order<'_> {
        let is_plain = self.config.http != Listen::OFF;
        Order {
            config: &self.config.acme,
            domains,
            data: self.data,
            holder,
            proof: if is_plain { Proof::Http } else { Proof::Tls },
            https: OwnListener::new(self.https, self.config),
            certificates: Arc::clone(certificates),
        }
    }

    fn certificates(
        &self,
        challenges: Option<Challenges>,
        known: Option<Names>,
    ) -> Result<Certificates, TlsError> {
        let proofs = challenges.map(|challenges| Box::new(challenges) as Box<dyn Proofs>);
        Certificates::new(known, proofs, self.notice.clone())
    }

    fn known(&self) -> Names {
        Names::known(self.domains, self.https.ip())
    }

    fn names(&self) -> Names {
        Names::of_server(self.domains, self.https.ip())
    }
}
