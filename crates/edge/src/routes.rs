//! Who answers for which site.

use std::collections::HashMap;
use std::sync::Arc;

use http::header::HOST;
use http::request::Parts;

use crate::config::{Config, SiteConfig, WEB};
use crate::error::{self, Refusal};
use crate::folder::Folder;
use crate::forward::LocalService;
use crate::path;
use crate::site::Sites;
use crate::start_error::StartError;
use crate::upstream::{Clock, Families, Upstream};

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
    /// Each site's number by its label: limits that count by site know it again after a reload.
    numbers: HashMap<Box<str>, u128>,
    local: Option<LocalService>,
    clock: Clock,
    upstreams: Vec<Arc<Upstream>>,
}

impl Routes {
    pub(crate) fn new(
        config: &Config,
        local: Option<LocalService>,
        clock: Clock,
        families: &Families,
    ) -> Result<Self, StartError> {
        let empty = Self {
            sites: None,
            numbers: HashMap::new(),
            local,
            clock,
            upstreams: Vec::new(),
        };
        empty.renewed(config, families)
    }

    /// The routes of other settings. An upstream that is the same stays what it is; of one that changed, so do the
    /// targets that are the same.
    pub(crate) fn renewed(&self, config: &Config, families: &Families) -> Result<Self, StartError> {
        if let Some(fault) = config.route_faults().into_iter().next() {
            return Err(fault.into());
        }
        if config.needs_web() && self.local.is_none() {
            return Err(StartError::NoWeb);
        }
        let upstreams = config.upstream.iter().map(|upstream| {
            let before = self.find(&upstream.name);
            match before.filter(|before| before.config == *upstream) {
                Some(same) => Ok(Arc::clone(same)),
                None => Upstream::new(upstream.clone(), self.clock, families, before).map(Arc::new),
            }
        });
        let mut renewed = Self {
            sites: None,
            numbers: self.numbers.clone(),
            local: self.local.clone(),
            clock: self.clock,
            upstreams: upstreams.collect::<Result<_, _>>()?,
        };
        if !config.site.is_empty() {
            renewed.sites = Some(renewed.lay_out(config)?);
        }
        Ok(renewed)
    }

    /// The sites, whose faults are ruled out, but for folders that have gone since.
    fn lay_out(&mut self, config: &Config) -> Result<Sites<Arc<Site>>, StartError> {
        let (mut sites, mut numbers) = (Sites::default(), HashMap::new());
        let mut next = self.numbers.values().max().copied().unwrap_or_default();
        for site in &config.site {
            let (Some(answers), Ok(host)) = (self.answers(site)?, site.host.parse()) else {
                continue;
            };
            let label: Box<str> = format!("{}{}", site.host, site.path).into();
            let number = self.numbers.get(&label).copied().unwrap_or_else(|| {
                next += 1;
                next
            });
            numbers.insert(label.clone(), number);
            let own = Site {
                label,
                answers,
                limits: config.limits_at(site),
                number,
            };
            sites.add(host, &site.path, Arc::new(own));
        }
        self.numbers = numbers;
        Ok(sites)
    }

    fn answers(&self, site: &SiteConfig) -> Result<Option<Answers>, StartError> {
        if let Some(root) = &site.root {
            let folder =
                Folder::open(root).map_err(|error| StartError::Folder(root.clone(), error))?;
            return Ok(Some(Answers::Folder(folder)));
        }
        let name = site.upstream.as_deref();
        if name == Some(WEB) {
            return Ok(Some(Answers::Web));
        }
        let upstream = name.and_then(|name| self.find(name));
        Ok(upstream.cloned().map(Answers::Upstream))
    }

    /// The upstream of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Arc<Upstream>> {
        let mut upstreams = self.upstreams.iter();
        upstreams.find(|upstream| *upstream.name == *name)
    }

    pub(crate) fn upstreams(&self) -> Vec<Arc<Upstream>> {
        self.upstreams.clone()
    }

    /// Sends no new requests to targets that another process had drained.
    pub(crate) fn inherit(&self, drained: &[String]) {
        for upstream in &self.upstreams {
            upstream.inherit(drained);
        }
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

fn is_same(one: Option<&Arc<Site>>, other: Option<&Arc<Site>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}
