//! Starting the edge: everything that can fail fails in `bind`; `run` only starts threads.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use jiff::Timestamp;
use lifecycle::tasks::TaskError;
use lifecycle::{BindError, Bound, Facts, Listeners, Part, Readiness, Tasks};
use prometheus_client::registry::Registry;
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tower::util::BoxCloneSyncService;

use crate::access_log::{AccessLog, LogError};
use crate::config::Config;
use crate::listener::{Sockets, Worker};
use crate::metrics::Metrics;
use crate::redirect::Redirect;
use crate::shared::Shared;
use crate::tls::{self, Authority, Certificates, Names, Served, TlsError};

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
    /// Who answers.
    pub local: LocalService,
    /// Where the edge states its certificate and its log.
    pub facts: Facts,
}

/// The front door, bound and not yet open.
pub struct Edge {
    bound: Vec<Bound>,
    sockets: Vec<Sockets>,
    shared: Arc<Shared>,
    log: AccessLog,
    authority: Option<Authority>,
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
        let listen = |listen: crate::config::Listen, key| {
            listen
                .address()
                .map(|address| Listeners::bind(address, threads, key))
                .transpose()
        };
        let (http, https) = (
            listen(config.http, "edge.http")?,
            listen(config.https, "edge.https")?,
        );
        let bound = bound(http.as_ref(), https.as_ref());
        if bound.is_empty() {
            return Err(StartError::NoListener);
        }
        let metrics = Metrics::register(registry);
        let served = https
            .as_ref()
            .map(|https| served(&config, &domains, &data, https))
            .transpose()?;
        let (served, authority) = served.unzip();
        let expires = &metrics.certificate_expires;
        let certificates = served
            .map(|served| Arc::new(Certificates::new(served, facts.clone(), expires.clone())));
        let tls = certificates.clone().map(tls::server_config).transpose()?;
        let acceptor = tls.map(|tls| TlsAcceptor::from(Arc::new(tls)));
        let log = AccessLog::open(&data.join("logs"), &config.log, threads, &metrics)?;
        log.state(&facts);
        let redirect = https.as_ref().filter(|_| !domains.is_empty());
        let redirect = redirect.map(|https| Redirect::new(domains, https.address().port()));
        let shared = Shared::new(config, local, metrics, certificates, acceptor, redirect)?;
        let sockets = pair(threads, http, https);
        Ok(Self {
            bound,
            sockets,
            shared: Arc::new(shared),
            log,
            authority: authority.flatten(),
            part,
        })
    }

    /// Where the edge listens.
    pub fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// Starts the worker threads, the log's writer and the certificate's keeper.
    pub fn run(self, tasks: &mut Tasks) -> Result<(), TaskError> {
        let part = Arc::new(self.part);
        let (writer, queues) = self.log.split();
        tasks.spawn("edge-log", |shutdown| writer.run(shutdown))?;
        if let (Some(authority), Some(certificates)) =
            (self.authority, self.shared.certificates.clone())
        {
            tasks.spawn("edge-certificate", |shutdown| {
                tls::keep(authority, certificates, shutdown)
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

fn bound(http: Option<&Listeners>, https: Option<&Listeners>) -> Vec<Bound> {
    let bound = |scheme, listeners: &Listeners| Bound {
        role: "edge",
        scheme,
        address: listeners.address(),
    };
    let http = http.map(|listeners| bound("http", listeners));
    http.into_iter()
        .chain(https.map(|listeners| bound("https", listeners)))
        .collect()
}

/// The operator's certificate, or one by the local authority, which is then kept fresh.
fn served(
    config: &Config,
    domains: &[String],
    data: &Path,
    https: &Listeners,
) -> Result<(Served, Option<Authority>), TlsError> {
    match (&config.tls.certificate, &config.tls.key) {
        (Some(certificate), Some(key)) => Ok((Served::read(certificate, key)?, None)),
        (None, None) => {
            let names = Names::local(domains, https.address().ip());
            let authority = Authority::new(data.join("tls"), names);
            Ok((authority.certificate(Timestamp::now())?, Some(authority)))
        }
        _ => Err(TlsError::Half),
    }
}

fn pair(threads: usize, http: Option<Listeners>, https: Option<Listeners>) -> Vec<Sockets> {
    let spread = |listeners: Option<Listeners>| -> Vec<Option<TcpListener>> {
        match listeners {
            Some(listeners) => listeners.into_sockets().into_iter().map(Some).collect(),
            None => (0..threads).map(|_| None).collect(),
        }
    };
    spread(http)
        .into_iter()
        .zip(spread(https))
        .map(|(http, https)| Sockets { http, https })
        .collect()
}
