//! An edge of its own for each test, with a service behind it that does what the path says.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use edge::config::{Directory, Listen, RateSetting};
use edge::{Config, Control, Edge, Handed, Renewal, Setup, StartError};
use lifecycle::tasks::TaskError;
use lifecycle::{Facts, Readiness, Tasks, Trigger, shutdown};
use prometheus_client::registry::Registry;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tempfile::TempDir;
pub(crate) use testkit::eventually;
use testkit::{Http2, Raw, Trust};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::local::{self, Service};

/// A running edge; dropping it ends it at once.
pub(crate) struct House {
    pub(crate) readiness: Readiness,
    pub(crate) facts: Facts,
    pub(crate) renewal: Option<Renewal>,
    pub(crate) control: Control,
    /// What it was started with.
    pub(crate) config: Config,
    /// What stands behind the edge.
    pub(crate) service: Arc<Service>,
    directory: TempDir,
    trigger: Trigger,
    tasks: Option<JoinHandle<Result<(), TaskError>>>,
    bound: Vec<lifecycle::Bound>,
    registry: Registry,
}

/// What a test changes before the edge starts.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) domains: Vec<String>,
    pub(crate) threads: usize,
    /// Whether there is a service in this process.
    pub(crate) web: bool,
    /// What a process before this one had drained.
    pub(crate) drained: Vec<String>,
}

impl House {
    /// Starts an edge without a request limit.
    pub(crate) fn open() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Plan)) -> Self {
        Self::within(tempfile::tempdir().unwrap(), change).unwrap()
    }

    /// Starts an edge on what an earlier one, or the test, left in the directory.
    pub(crate) fn within(
        directory: TempDir,
        change: impl FnOnce(&mut Plan),
    ) -> Result<Self, StartError> {
        let mut config = Config::default();
        config.http = Listen::at(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.https = config.http;
        config.limit.rate = RateSetting::OFF;
        config.acme.directory = Directory::OFF;
        let mut plan = Plan {
            config,
            domains: Vec::new(),
            threads: 1,
            web: true,
            drained: Vec::new(),
        };
        change(&mut plan);
        let (readiness, mut registry) = (Readiness::default(), Registry::default());
        let (service, facts) = (Arc::new(Service::default()), Facts::default());
        let config = plan.config.clone();
        let setup = Setup {
            config: plan.config,
            domains: plan.domains,
            data: directory.path().to_owned(),
            threads: plan.threads,
            facts: facts.clone(),
            levels: None,
            handed: Some(Handed {
                drained: plan.drained,
                ..Handed::default()
            })
            .filter(|handed| !handed.drained.is_empty()),
            local: plan.web.then(|| local::answering(Arc::clone(&service))),
        };
        let edge = Edge::bind(setup, &readiness, &mut registry)?;
        let bound = edge.bound().to_vec();
        let (trigger, shutdown) = shutdown::channel();
        let mut tasks = Tasks::new(trigger.clone(), shutdown);
        let (renewal, control) = (edge.renewal(), edge.control());
        edge.run(&mut tasks).unwrap();
        let tasks = Some(std::thread::spawn(|| tasks.join()));
        Ok(Self {
            readiness,
            facts,
            renewal,
            control,
            config,
            service,
            directory,
            trigger,
            tasks,
            bound,
            registry,
        })
    }

    pub(crate) fn address(&self, scheme: &str) -> SocketAddr {
        self.bound
            .iter()
            .find(|bound| bound.scheme == scheme)
            .unwrap()
            .address
    }

    /// A plain connection.
    pub(crate) fn plain(&self) -> Raw {
        Raw::connect(self.address("http"))
    }

    /// A connection over TLS, HTTP/1.1.
    pub(crate) fn tls(&self) -> Raw {
        self.trust().connect(self.address("https"), "localhost")
    }

    pub(crate) fn http2(&self) -> Http2 {
        Http2::connect(&self.trust(), self.address("https"), "localhost")
    }

    /// TLS for an asynchronous client, with this protocol.
    pub(crate) async fn handshake(&self, protocol: &str) -> TlsStream<TcpStream> {
        let connector = TlsConnector::from(Arc::new(self.trust().config(&[protocol])));
        let socket = TcpStream::connect(self.address("https")).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        connector.connect(name, socket).await.unwrap()
    }

    /// Trust in the local authority.
    pub(crate) fn trust(&self) -> Trust {
        Trust::read(&self.file("tls/ca.pem"))
    }

    /// A path in the data directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The access log's lines, once there are so many.
    pub(crate) fn records(&self, count: usize) -> Vec<Value> {
        let mut records = Vec::new();
        eventually(&format!("{count} records"), || {
            records = lines(&fs::read_to_string(self.file("logs/access.log")).unwrap_or_default());
            records.len() >= count
        });
        records
    }

    /// One metric's value, by its name and labels as Prometheus shows them.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        self.find_metric(name)
            .unwrap_or_else(|| panic!("no `{name}`"))
    }

    /// The same for one that appears when it first counts.
    pub(crate) fn find_metric(&self, name: &str) -> Option<u64> {
        let text = self.metrics();
        let mut lines = text.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        Some(value.parse().unwrap())
    }

    /// Everything that Prometheus is shown.
    pub(crate) fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text
    }

    pub(crate) fn trigger(&self) -> &Trigger {
        &self.trigger
    }

    /// Drains, waits for the end and returns the data directory.
    pub(crate) fn close(mut self) -> TempDir {
        self.trigger.drain();
        self.tasks.take().unwrap().join().unwrap().unwrap();
        std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.tasks.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.trigger.end();
        if let Some(tasks) = self.tasks.take() {
            tasks.join().unwrap().unwrap();
        }
    }
}

/// The records in a log, but for a last one that is being written at this moment.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    let whole = text
        .split_inclusive('\n')
        .filter(|line| line.ends_with('\n'));
    let parse =
        |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
    whole.map(parse).collect()
}
