//! Starting the edge: everything that can fail fails in `bind`; `run` only starts threads.

mod certificates;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use lifecycle::tasks::TaskError;
use lifecycle::{Bound, Facts, Listeners, Part, Readiness, Tasks};
use prometheus_client::registry::Registry;
use traffic::SharedLevels;

use crate::access_log::{AccessLog, Company};
use crate::acme::Renewal;
use crate::admission::Together;
use crate::config::Config;
use crate::control::Control;
use crate::forward::LocalService;
use crate::listener::Worker;
use crate::metrics::Metrics;
use crate::redirect::Redirect;
use crate::routes::Routes;
use crate::rules::Rules;
use crate::shared::Shared;
use crate::sockets::{Bindings, Handed, Sockets};
use crate::start_error::StartError;
use crate::tls::Notice;
use crate::upstream::{self, Clock};

use certificates::{Ground, Keeping};

/// What the edge is started with.
pub struct Setup {
    /// The settings under `[edge]`.
    pub config: Config,
    /// The names this server is known by. When there are any, plain HTTP is redirected to HTTPS.
    pub domains: Vec<String>,
    /// The data directory; `tls/` and `logs/` in it are the edge's.
    pub data: PathBuf,
    /// Worker threads, each with its own listening sockets; one a core is right.
    pub threads: usize,
    /// Who answers for Pendopo's own pages and API; may be absent when no site goes there.
    pub local: Option<LocalService>,
    /// Where the edge states its certificate and its log.
    pub facts: Facts,
    /// What other edges count of the same limits; absent where this one counts alone.
    pub levels: Option<Arc<dyn SharedLevels>>,
    /// What another process hands over, which still writes to the access log.
    pub handed: Option<Handed>,
}

/// The front door, bound and not yet open.
pub struct Edge {
    bound: Vec<Bound>,
    sockets: Vec<Sockets>,
    shared: Arc<Shared>,
    log: AccessLog,
    keeping: Option<Keeping>,
    control: Control,
    part: Part,
}

impl Edge {
    /// Binds the listeners, makes or reads the certificate and opens the access log.
    pub fn bind(
        setup: Setup,
        readiness: &Readiness,
        registry: &mut Registry,
    ) -> Result<Self, StartError> {
        let Setup {
            config,
            domains,
            data,
            threads,
            local,
            facts,
            levels,
            handed,
        } = setup;
        let part = readiness.register("edge");
        let company = Company::default();
        company.set(handed.is_some());
        let bindings = Bindings::new(&config, threads.max(1), handed.unwrap_or_default())?;
        let threads = bindings.threads;
        let bound = bindings.bound();
        if bound.is_empty() {
            return Err(StartError::NoListener);
        }
        let metrics = Metrics::register(registry);
        let https = bindings.https.as_ref().map(Listeners::address);
        let keeping = https.map(|https| {
            let ground = Ground {
                config: &config,
                domains: &domains,
                data: &data,
                https,
                notice: notice(&facts, &metrics),
            };
            Keeping::begin(&ground, registry)
        });
        let keeping = keeping.transpose()?;
        let secure = keeping.as_ref().map(Keeping::secure);
        let log = AccessLog::open(
            &data.join("logs"),
            &config.log,
            threads,
            &metrics.log,
            company.clone(),
        )?;
        log.state(&facts);
        let redirect = https.filter(|_| !domains.is_empty());
        let redirect = redirect.map(|https| Redirect::new(domains, https.port()));
        let clock = Clock::new(Instant::now());
        let routes = Routes::new(&config, local, clock, &metrics.upstreams)?;
        routes.inherit(&bindings.drained);
        let rules = Rules::new(config, routes, &metrics, None)?.redirecting(redirect);
        let together = levels.map(|levels| Together::new(levels, facts.clone(), readiness));
        let shared = Shared::new(&rules, threads, clock, metrics, secure, facts)?;
        let shared = Arc::new(shared.in_company(together));
        let control = Control::new(Arc::clone(&shared), company, log.in_force(), registry);
        Ok(Self {
            bound,
            sockets: bindings.share(),
            shared,
            log,
            keeping,
            control,
            part,
        })
    }

    /// Where the edge listens.
    pub fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// By which a certificate can be asked for; `None` when none is fetched.
    pub fn renewal(&self) -> Option<Renewal> {
        self.keeping.as_ref().and_then(Keeping::renewal)
    }

    /// By which the running edge is steered.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Starts the worker threads, the log's writer and the certificates' keepers.
    pub fn run(self, tasks: &mut Tasks) -> Result<(), TaskError> {
        self.shared.warn_of_sites(&self.shared.rules(0));
        let part = Arc::new(self.part);
        let (writer, queues) = self.log.split();
        tasks.spawn("edge-log", |shutdown| writer.run(shutdown))?;
        if let Some(keeping) = self.keeping {
            keeping.run(tasks)?;
        }
        let charge = self.control.charge();
        tasks.spawn("edge-upstreams", move |shutdown| {
            upstream::keep(charge, shutdown)
        })?;
        for (index, (sockets, queue)) in self.sockets.into_iter().zip(queues).enumerate() {
            let (shared, part) = (Arc::clone(&self.shared), Arc::clone(&part));
            tasks.spawn_watched(format!("edge-{index}"), move |shutdown| async move {
                let worker =
                    Worker::new(shared, index, queue).map_err(|error| error.to_string())?;
                part.ready();
                worker
                    .run(sockets, &part, shutdown)
                    .await
                    .map_err(|error| error.to_string())
            })?;
        }
        Ok(())
    }
}

/// Where certificates are told of.
fn notice(facts: &Facts, metrics: &Metrics) -> Notice {
    Notice {
        facts: facts.clone(),
        expires: metrics.certificate_expires.clone(),
        faults: metrics.certificate_faults.clone(),
    }
}
