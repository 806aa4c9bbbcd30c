//! What a reload may change: settings, sites, limits and headers, as one value that requests take hold of.

use std::net::IpAddr;
use std::sync::Arc;

use crate::admission::Admission;
use crate::config::Config;
use crate::headers::SecurityHeaders;
use crate::metrics::Metrics;
use crate::redirect::Redirect;
use crate::routes::Routes;
use crate::start_error::StartError;

/// The rules in force. A request keeps those that it began with; a connection keeps its deadlines.
#[derive(Clone)]
pub(crate) struct Rules {
    pub(crate) config: Arc<Config>,
    pub(crate) routes: Arc<Routes>,
    pub(crate) admission: Option<Arc<Admission>>,
    pub(crate) security: Arc<SecurityHeaders>,
    /// There on a server with names.
    pub(crate) redirect: Option<Arc<Redirect>>,
}

impl Rules {
    pub(crate) fn new(
        config: Config,
        routes: Routes,
        metrics: &Metrics,
        before: Option<&Admission>,
    ) -> Result<Self, StartError> {
        let seed = getrandom::u64().map_err(StartError::Random)?;
        let admission = Admission::new(&config, seed, &metrics.limits, before);
        let security = SecurityHeaders::new(config.hsts.duration());
        Ok(Self {
            config: Arc::new(config),
            routes: Arc::new(routes),
            admission: admission.map(Arc::new),
            security: Arc::new(security),
            redirect: None,
        })
    }

    /// With plain HTTP sent to HTTPS.
    pub(crate) fn redirecting(self, redirect: Option<Redirect>) -> Self {
        let redirect = redirect.map(Arc::new);
        Self { redirect, ..self }
    }

    /// These rules with other settings. What has not changed is the same as before: limits with what they remember,
    /// upstreams with their targets' health.
    pub(crate) fn renewed(
        &self,
        config: Config,
        domains: &[String],
        metrics: &Metrics,
    ) -> Result<Self, StartError> {
        let routes = self.routes.renewed(&config, &metrics.upstreams)?;
        let rules = Self::new(config, routes, metrics, self.admission.as_deref())?;
        let redirect = self.redirect.as_ref();
        Ok(rules.redirecting(redirect.map(|redirect| redirect.renamed(domains))))
    }

    /// Whether forwarded headers of this peer are believed.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.config.trusts(peer)
    }

    /// Whether this client is told why it is refused.
    pub(crate) fn explains_to(&self, client: IpAddr) -> bool {
        let mut networks = self.config.explain_to.iter();
        networks.any(|network| network.contains(&client))
    }
}
