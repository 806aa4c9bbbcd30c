//! What all worker threads share.

use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;

use crate::acme::Front;
use crate::admission::Admission;
use crate::config::Config;
use crate::connections::Connections;
use crate::descriptors;
use crate::headers::SecurityHeaders;
use crate::metrics::Metrics;
use crate::redirect::Redirect;
use crate::routes::Routes;
use crate::start_error::StartError;
use crate::tls::Certificates;
use crate::upstream::Clock;

/// What the HTTPS listener works with.
pub(crate) struct Secure {
    pub(crate) certificates: Arc<Certificates>,
    /// There while certificates are fetched.
    pub(crate) front: Option<Front>,
}

/// Settings, tables and counters; each of them is safe to use from any thread.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) routes: Routes,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    pub(crate) secure: Option<Secure>,
    pub(crate) redirect: Option<Redirect>,
    pub(crate) admission: Option<Admission>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) security: SecurityHeaders,
}

impl Shared {
    pub(crate) fn new(
        config: Config,
        routes: Routes,
        clock: Clock,
        metrics: Metrics,
        secure: Option<Secure>,
        redirect: Option<Redirect>,
    ) -> Result<Self, StartError> {
        let most =
            descriptors::connections(config.connections.most).map_err(StartError::Descriptors)?;
        let connections = Arc::new(Connections::new(most, config.connections.per_address));
        let seed = getrandom::u64().map_err(StartError::Random)?;
        let admission = Admission::new(&config.limit, seed, Instant::now());
        let security = SecurityHeaders::new(config.hsts.duration());
        Ok(Self {
            config,
            routes,
            clock,
            metrics,
            secure,
            redirect,
            admission,
            connections,
            security,
        })
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
        (!has_one).then(|| front.standing.why())
    }

    /// Whether forwarded headers of this peer are believed.
    pub(crate) fn trusts(&self, peer: std::net::IpAddr) -> bool {
        self.config
            .trusted_proxies
            .iter()
            .any(|network| network.contains(&peer))
    }
}
