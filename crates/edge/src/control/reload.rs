//! Putting other settings in force: whole or not at all, and without touching what stays the same.

use std::sync::Arc;

use super::Control;
use crate::acme::{Front, Terms};
use crate::config::Config;
use crate::descriptors;
use crate::rules::Rules;
use crate::shared::Secure;
use crate::start_error::StartError;
use crate::tls::{Names, Own, Renewed, TlsError};
use crate::upstream::Charge;

/// What HTTPS works with, the operator's own certificates in it, and those to be put in their place.
type Pairs<'a> = (&'a Secure, &'a Own, Renewed);

impl Control {
    /// Puts these settings in force for every request from now on; connections keep the deadlines that they were opened
    /// with. Listeners stay what they are. There must be domains if there were any before, and none if there were none.
    /// After an error, nothing has changed.
    pub fn reload(&self, config: Config, domains: &[String]) -> Result<(), StartError> {
        let shared = &self.shared;
        let before = shared.rules(0);
        let after = before.renewed(config, domains, &shared.metrics)?;
        let bounds = &after.config.connections;
        let most = descriptors::connections(bounds.most).map_err(StartError::Descriptors)?;
        let pairs = self.other_pairs(&before.config, &after.config)?;
        let terms = self.other_terms(&before.config, &after.config, domains)?;
        // From here on nothing fails.
        if let Some((secure, own, pairs)) = pairs {
            own.put_in_force(pairs, &secure.certificates);
        }
        if let Some((front, terms)) = terms {
            front.terms.send_replace(Arc::new(terms));
        }
        self.rename(domains);
        if before.config.log != after.config.log {
            self.log.store(Arc::new(after.config.log.clone()));
        }
        shared.connections.bound(most, bounds.per_address);
        shared.obey(&after);
        shared.warn_of_sites(&after);
        self.charge.send_replace(charge(&after));
        self.retire(&before, &after);
        Ok(())
    }

    /// The operator's own certificates, where others are named than before.
    fn other_pairs(
        &self,
        before: &Config,
        after: &Config,
    ) -> Result<Option<Pairs<'_>>, StartError> {
        if before.tls == after.tls {
            return Ok(None);
        }
        let pairs = after.tls.pairs().ok_or(TlsError::Half)?;
        // Without an HTTPS listener nobody would see them.
        let Some(secure) = &self.shared.secure else {
            return Ok(None);
        };
        match &secure.own {
            Some(own) if !pairs.is_empty() => Ok(Some((secure, own, own.renewed(pairs)?))),
            None if pairs.is_empty() => Ok(None),
            _ => Err(StartError::OtherSource),
        }
    }

    /// The terms on which certificates are fetched, where they are others than before.
    fn other_terms(
        &self,
        before: &Config,
        after: &Config,
        domains: &[String],
    ) -> Result<Option<(&Front, Terms)>, StartError> {
        if before.acme == after.acme {
            return Ok(None);
        }
        let secure = self.shared.secure.as_ref();
        match secure.and_then(|secure| secure.front.as_ref()) {
            Some(front) if after.fetches_certificates(domains) => {
                Ok(Terms::new(&after.acme)?.map(|terms| (front, terms)))
            }
            None if !after.fetches_certificates(domains) => Ok(None),
            _ => Err(StartError::OtherSource),
        }
    }

    /// Has handshakes know other names, and those who keep the certificates.
    fn rename(&self, domains: &[String]) {
        let Some(secure) = &self.shared.secure else {
            return;
        };
        if *domains == **secure.naming.borrow() {
            return;
        }
        secure
            .certificates
            .know(Names::known(domains, secure.address.ip()));
        secure.naming.send_replace(domains.into());
        if secure.own.is_some() {
            secure.certificates.warn_of(domains);
        }
    }

    /// Upstreams that are no more let go of their targets, and limits are no longer shown.
    fn retire(&self, before: &Rules, after: &Rules) {
        for upstream in before.routes.upstreams() {
            match after.routes.find(&upstream.name) {
                Some(same) if Arc::ptr_eq(same, &upstream) => {}
                Some(next) => upstream.yield_to(next),
                None => {
                    upstream.leave();
                    self.shared.metrics.upstreams.forget(&upstream.name);
                }
            }
        }
        let limits = after.config.all_limits();
        for gone in before.config.all_limits() {
            if limits.iter().all(|limit| limit.name != gone.name) {
                self.shared.metrics.limits.forget(&gone.name);
            }
        }
    }
}

/// Whom these rules have looked after.
pub(super) fn charge(rules: &Rules) -> Charge {
    Charge {
        upstreams: rules.routes.upstreams(),
        name_server: rules.config.name_server,
    }
}
