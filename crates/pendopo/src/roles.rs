//! The roles of a process: each binds first, then all run.

use std::net::SocketAddr;
use std::thread;

use anyhow::Result;
use edge::config::{Language, Listen, RateSetting};
use edge::{Control, Edge, Handed, LocalService, Renewal, Setup};
use lifecycle::tasks::TaskError;
use lifecycle::{BindError, Bound, Facts, Listeners, Readiness, Tasks};
use prometheus_client::registry::Registry;

use crate::cli::RoleName;
use crate::config::Config;
use crate::stores;
use crate::usage::Usage;

/// What the parts tell about themselves.
#[derive(Default)]
pub(crate) struct Telling {
    /// Which can serve.
    pub(crate) readiness: Readiness,
    /// What they state.
    pub(crate) facts: Facts,
    /// What they measure.
    pub(crate) registry: Registry,
}

impl RoleName {
    /// Every role.
    pub(crate) const ALL: [Self; 2] = [Self::Edge, Self::Web];

    /// The word used everywhere.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Web => "web",
        }
    }

    /// The parts of [`Readiness`] that must be ready for this role.
    pub(crate) fn parts(self) -> &'static [&'static str] {
        match self {
            Self::Edge => &["edge", "limits", "process"],
            Self::Web => &[
                "audit", "bans", "cache", "edge", "messages", "process", "sessions", "store",
            ],
        }
    }
}

/// The roles that were asked for, or all; refused if they can't work without another one.
pub(crate) fn chosen(asked: &[RoleName], config: &Config) -> Result<Vec<RoleName>> {
    let mut roles = if asked.is_empty() {
        RoleName::ALL.to_vec()
    } else {
        asked.to_vec()
    };
    roles.sort_unstable();
    roles.dedup();
    if roles == [RoleName::Edge] && config.edge.needs_web() {
        let complaint = "the role `edge` by itself has nobody to hand requests to: name an `[[edge.upstream]]` in each \
            `[[edge.site]]`, or start it as `--role edge,web`";
        return Err(Usage(complaint.to_owned()).into());
    }
    Ok(roles)
}

/// One worker thread a core, as many as this process may use.
pub(crate) fn worker_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Finds out that a port is in use before anything is made on the disk; the roles bind for good when they can.
pub(crate) fn probe(roles: &[RoleName], config: &Config) -> Result<(), BindError> {
    for (key, address) in listeners(roles, config) {
        Listeners::bind(address, 1, key)?;
    }
    Listeners::bind(config.admin.listen, 1, "admin.listen")?;
    Ok(())
}

/// Where these roles listen, with the settings that say so.
pub(crate) fn listeners(roles: &[RoleName], config: &Config) -> Vec<(&'static str, SocketAddr)> {
    if !roles.contains(&RoleName::Edge) {
        return vec![("web.listen", config.web.listen)];
    }
    let http = config
        .edge
        .http
        .address()
        .map(|address| ("edge.http", address));
    let https = config
        .edge
        .https
        .address()
        .map(|address| ("edge.https", address));
    http.into_iter().chain(https).collect()
}

/// Roles that have their listeners, and do not serve yet.
pub(crate) struct BoundRoles {
    edge: Edge,
    bound: Vec<Bound>,
}

impl BoundRoles {
    /// Binds every role's listeners. In one process, the edge calls `web` as a function; `web` by itself stands behind
    /// the same machinery on a plain listener of its own, without the limit that is the business of the edge in front.
    pub(crate) fn bind(
        roles: &[RoleName],
        config: &Config,
        local: Option<LocalService>,
        handed: Option<Handed>,
        telling: &mut Telling,
    ) -> Result<Self> {
        let is_alone = !roles.contains(&RoleName::Edge);
        let levels = stores::levels(&config.store);
        let setup = Setup {
            config: edge_config(roles, config),
            domains: domains(roles, config),
            data: config.data.clone(),
            threads: worker_threads(),
            local,
            facts: telling.facts.clone(),
            levels: levels.filter(|_| !is_alone),
            handed,
        };
        let metrics = telling.registry.sub_registry_with_prefix("pendopo");
        let edge = Edge::bind(setup, &telling.readiness, metrics)?;
        let mut bound = edge.bound().to_vec();
        if is_alone {
            for bound in &mut bound {
                bound.role = RoleName::Web.as_str();
            }
        }
        Ok(Self { edge, bound })
    }

    /// Where the roles listen.
    pub(crate) fn bound(&self) -> &[Bound] {
        &self.bound
    }

    /// By which the running edge is steered.
    pub(crate) fn control(&self) -> Control {
        self.edge.control()
    }

    /// By which the edge is asked for a certificate; none where none is fetched.
    pub(crate) fn renewal(&self) -> Option<Renewal> {
        self.edge.renewal()
    }

    /// Starts the roles' threads.
    pub(crate) fn run(self, tasks: &mut Tasks) -> Result<(), TaskError> {
        self.edge.run(tasks)
    }
}

/// The edge's settings where these roles are played.
pub(crate) fn edge_config(roles: &[RoleName], config: &Config) -> edge::Config {
    let mut edge = if roles.contains(&RoleName::Edge) {
        config.edge.clone()
    } else {
        plain(config)
    };
    edge.language = match config.language {
        web::Language::Id => Language::Indonesian,
        web::Language::En => Language::English,
    };
    edge
}

/// The names that the edge is known by where these roles are played; `web` by itself has none.
pub(crate) fn domains(roles: &[RoleName], config: &Config) -> Vec<String> {
    if roles.contains(&RoleName::Edge) {
        config.domains.clone()
    } else {
        Vec::new()
    }
}

/// The settings of `web` by itself.
fn plain(config: &Config) -> edge::Config {
    let mut plain = edge::Config {
        http: Listen::at(config.web.listen),
        https: Listen::OFF,
        // Sites are the business of the edge in front, and so is compressing, which must know who asks how.
        compress: false,
        site: Vec::new(),
        upstream: Vec::new(),
        ..config.edge.clone()
    };
    plain.limit.rate = RateSetting::OFF;
    plain
}
