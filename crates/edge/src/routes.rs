//! Who answers for which site.

use std::sync::Arc;

use http::header::HOST;
use http::request::Parts;

use crate::config::{Config, SiteConfig, WEB};
use crate::error::{self, Refusal};
use crate::folder::Folder;
use crate::forward::LocalService;
use crate::metrics::Metrics;
use crate::path;
use crate::site::Sites;
use crate::start_error::StartError;
use crate::upstream::{Clock, Upstream};

/// A site, as the log names it, and who answers for it.
pub(crate) struct Site {
    /// Host and path as the operator wrote them.
    pub(crate) label: Box<str>,
    pub(crate) answers: Answers,
    /// The places of its limits, in the order of the configuration.
    pub(crate) limits: Box<[usize]>,
    /// Sets it apart from other sites; from 1.
    pub(crate) number: u128,
}

/// Who answers.
pub(crate) enum Answers {
    /// The school's own pages and API.
    Web,
    Folder(Folder),
    Upstream(Arc<Upstream>),
}

/// Every site and upstream.
pub(crate) struct Routes {
    /// Absent when no site is configured: then everything goes to the school's own pages.
    sites: Option<Sites<Arc<Site>>>,
    local: Option<LocalService>,
    upstreams: Vec<Arc<Upstream>>,
}

impl Routes {
    pub(crate) fn new(
        config: &Config,
        local: Option<LocalService>,
        clock: Clock,
        metrics: &Metrics,
    ) -> Result<Self, StartError> {
        if let Some(fault) = config.route_faults().into_iter().next() {
            return Err(fault.into());
        }
        if config.needs_web() && local.is_none() {
            return Err(StartError::NoWeb);
        }
        let upstreams = config.upstream.iter().map(|upstream| {
            Upstream::new(upstream.clone(), clock, &metrics.upstreams).map(Arc::new)
        });
        let upstreams: Vec<_> = upstreams.collect::<Result<_, _>>()?;
        let mut sites = Sites::default();
        for (number, site) in (1..).zip(&config.site) {
            // Faults are ruled out above, but for folders that have gone since.
            let (Some(answers), Ok(host)) = (answers(site, &upstreams)?, site.host.parse()) else {
                continue;
            };
            let label = format!("{}{}", site.host, site.path).into();
            let own = Site {
                label,
                answers,
                limits: config.limits_at(site),
                number,
            };
            sites.add(host, &site.path, Arc::new(own));
        }
        Ok(Self {
            sites: (!config.site.is_empty()).then_some(sites),
            local,
            upstreams,
        })
    }

    pub(crate) fn upstreams(&self) -> Vec<Arc<Upstream>> {
        self.upstreams.clone()
    }

    /// The service in this process.
    pub(crate) fn local(&self) -> Option<&LocalService> {
        self.local.as_ref()
    }

    /// The site of a request whose head has its plain form; `None` where no sites are configured.
    pub(crate) fn site(&self, head: &Parts) -> Result<Option<&Arc<Site>>, &'static Refusal> {
        let Some(sites) = &self.sites else {
            return Ok(None);
        };
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        let (host, asked) = (host.unwrap_or_default(), head.uri.path());
        let site = sites.find(host, asked);
        if !path::is_plain(asked) && !is_same(site, sites.find(host, &path::normal(asked))) {
            return Err(&error::TARGET_AMBIGUOUS);
        }
        site.map(Some).ok_or(&error::NO_SITE)
    }
}

fn answers(site: &SiteConfig, upstreams: &[Arc<Upstream>]) -> Result<Option<Answers>, StartError> {
    if let Some(root) = &site.root {
        let folder = Folder::open(root).map_err(|error| StartError::Folder(root.clone(), error))?;
        return Ok(Some(Answers::Folder(folder)));
    }
    let name = site.upstream.as_deref();
    if name == Some(WEB) {
        return Ok(Some(Answers::Web));
    }
    let mut upstreams = upstreams.iter();
    let upstream = upstreams.find(|upstream| name == Some(&upstream.name));
    Ok(upstream.cloned().map(Answers::Upstream))
}

fn is_same(one: Option<&Arc<Site>>, other: Option<&Arc<Site>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}
