//! Starting the edge: everything that can fail fails in `bind`; `run` only starts threads.

mod certificates;

use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use lifecycle::tasks::TaskError;
use lifecycle::{BindError, Bound, Facts, Listeners, Part, Readiness, Tasks};
use prometheus_client::registry::Registry;
use thiserror::Error;
use tower::util::BoxCloneSyncService;

use crate::access_log::{AccessLog, LogError};
use crate::acme::Renewal;
use crate::config::{Config, RouteFault};
use crate::listener::Worker;
use crate::metrics::Metrics;
use crate::redirect::Redirect;
use crate::routes::Routes;
use crate::shared::Shared;
use crate::sockets::{Bindings, Sockets};
use crate::tls::{Notice, TlsError};
use crate::upstream::{self, Clock, TrustError};

use certificates::{Ground, Keeping};

/// What went wrong while a body was read or made.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A request's or an answer's body.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// The service that answers in this process: `web`, as a function call. Each request carries a
/// `traffic::Client` in its extensions.
pub type LocalService = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Infallible>;

/// Why the edge can't start, and what to do.
#[derive(Debug, Error)]
pub enum StartError {
    /// An address can't be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// There is no certificate to serve.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The access log can't be written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The operating system has no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// The process's limits can't be had.
    #[error("can't prepare for connections: {0}")]
    Descriptors(#[source] io::Error),
    /// A site or an upstream is wrong.
    #[error(transparent)]
    Route(#[from] RouteFault),
    /// Some sites go to Pendopo's own pages, which are not there.
    #[error(
        "there is nobody to hand requests to: name an `[[edge.upstream]]` in each `[[edge.site]]`, or start the role `web` as well"
    )]
    NoWeb,
    /// Targets that speak TLS can't be believed.
    #[error("`edge.upstream`: {0}")]
    Trust(#[from] TrustError),
    /// Both listeners are off.
    #[error(
        "`edge.http` and `edge.https` are both off: set one of them, or leave out the role `edge`"
    )]
    NoListener,
}

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
}

/// The front door, bound and not yet open.
pub struct Edge {
    bound: Vec<Bound>,
    sockets: Vec<Sockets>,
    shared: Arc<Shared>,
    log: AccessLog,
    keeping: Option<Keeping>,
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
        } = setup;
        let part = readiness.register("edge");
        let threads = threads.max(1);
        let bindings = Bindings::new(&config, threads)?;
        let bound = bindings.bound();
        if bound.is_empty() {
            return Err(StartError::NoListener);
        }
        let metrics = Metrics::register(registry);
        let expires = metrics.certificate_expires.clone();
        let notice = Notice {
            facts: facts.clone(),
            expires,
        };
        let https = bindings.https.as_ref().map(Listeners::address);
        let keeping = https.map(|https| {
            let ground = Ground {
                config: &config,
                domains: &domains,
                data: &data,
                https,
                notice,
            };
            Keeping::begin(&ground, registry)
        });
        let keeping = keeping.transpose()?;
        let secure = keeping.as_ref().map(Keeping::secure);
        let log = AccessLog::open(&data.join("logs"), &config.log, threads, &metrics.log)?;
        log.state(&facts);
        let redirect = https.filter(|_| !domains.is_empty());
        let redirect = redirect.map(|https| Redirect::new(domains, https.port()));
        let clock = Clock::new(Instant::now());
        let routes = Routes::new(&config, local, clock, &metrics)?;
        let shared = Arc::new(Shared::new(
            config, routes, clock, metrics, secure, redirect,
        )?);
        Ok(Self {
            bound,
            sockets: bindings.share(),
            shared,
            log,
            keeping,
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

    /// Starts the worker threads, the log's writer and the certificates' keepers.
    pub fn run(self, tasks: &mut Tasks) -> Result<(), TaskError> {
        let part = Arc::new(self.part);
        let (writer, queues) = self.log.split();
        tasks.spawn("edge-log", |shutdown| writer.run(shutdown))?;
        if let Some(keeping) = self.keeping {
            keeping.run(tasks)?;
        }
        let (upstreams, name_server) = (
            self.shared.routes.upstreams(),
            self.shared.config.name_server,
        );
        if !upstreams.is_empty() {
            tasks.spawn("edge-upstreams", move |shutdown| {
                upstream::keep(upstreams, name_server, shutdown)
            })?;
        }
        for (index, (sockets, queue)) in self.sockets.into_iter().zip(queues).enumerate() {
            let (shared, part) = (Arc::clone(&self.shared), Arc::clone(&part));
            tasks.spawn(format!("edge-{index}"), move |shutdown| async move {
                let worker = Worker::new(shared, queue).map_err(|error| error.to_string())?;
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
