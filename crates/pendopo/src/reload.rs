//! Reading the configuration anew and putting it in force: whole or not at all.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::PathBuf;

use edge::Control;
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::{Global, RoleName, ServeOptions};
use crate::config::{self, Change, Config, Faults, changes};
use crate::roles;
use crate::sandbox::Sandbox;

/// Why nothing was changed.
#[derive(Debug, Error)]
pub(crate) enum NotReloaded {
    /// The new configuration is wrong.
    #[error("nothing was changed: {0}")]
    Faults(#[from] Faults),
    /// Some of what differs can't be changed while the server runs.
    #[error(
        "nothing was changed, for this needs a restart: {0}; `pendopo serve --takeover` is one that no client notices"
    )]
    Restart(String),
    /// The sandbox keeps these files closed.
    #[error(
        "nothing was changed, for this needs a restart: the sandbox closed {} when the server started",
        paths(.0)
    )]
    Closed(Vec<PathBuf>),
    /// The edge can't work with it.
    #[error("nothing was changed: {0}")]
    Edge(#[from] edge::StartError),
}

fn paths(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(" and ")
}

/// What a reload works with.
pub(crate) struct Reloader {
    /// Where the server was told to look for its configuration.
    global: Global,
    domains: Vec<String>,
    roles: Vec<RoleName>,
    edge: Control,
    in_force: RefCell<Config>,
    sandbox: Sandbox,
}

impl Reloader {
    pub(crate) fn new(
        global: &Global,
        options: &ServeOptions,
        roles: &[RoleName],
        in_force: &Config,
        sandbox: Sandbox,
        edge: Control,
    ) -> Self {
        Self {
            global: global.clone(),
            domains: options.domain.clone(),
            roles: roles.to_vec(),
            edge,
            in_force: RefCell::new(in_force.clone()),
            sandbox,
        }
    }

    /// Where the settings in force have plain HTTP, HTTPS and the private listener.
    pub(crate) fn listeners(&self) -> (Option<SocketAddr>, Option<SocketAddr>, SocketAddr) {
        let config = self.in_force.borrow();
        let edge = roles::edge_config(&self.roles, &config);
        (
            edge.http.address(),
            edge.https.address(),
            config.admin.listen,
        )
    }

    /// Puts what differs in force, and says what that was. The log tells how it went.
    pub(crate) fn reload(&self) -> Result<Vec<Change>, NotReloaded> {
        let outcome = self.put_in_force();
        match &outcome {
            Ok(changed) if changed.is_empty() => tracing::info!("reload: nothing has changed"),
            Ok(changed) => {
                for change in changed {
                    tracing::info!("reload: {change}");
                }
            }
            Err(error) => tracing::error!("reload: {error}"),
        }
        outcome
    }

    fn put_in_force(&self) -> Result<Vec<Change>, NotReloaded> {
        let loaded = config::load(&self.global, &self.domains)?;
        let closed = self.sandbox.closed(&self.roles, &loaded);
        if !closed.is_empty() {
            return Err(NotReloaded::Closed(closed));
        }
        let new = loaded.config;
        let changed = changes(&self.in_force.borrow(), &new);
        let restart = changed.iter().filter(|change| !change.is_live());
        let restart: Vec<String> = restart.map(Change::to_string).collect();
        if !restart.is_empty() {
            return Err(NotReloaded::Restart(restart.join("; ")));
        }
        if !changed.is_empty() {
            let domains = roles::domains(&self.roles, &new);
            self.edge
                .reload(roles::edge_config(&self.roles, &new), &domains)?;
        }
        self.in_force.replace(new);
        Ok(changed)
    }
}

/// Hears SIGHUP.
pub(crate) struct Hangup(Signal);

impl Hangup {
    pub(crate) fn listen() -> std::io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Reloads at each one, for ever.
    pub(crate) async fn obey(mut self, reloader: std::rc::Rc<Reloader>) {
        while self.0.recv().await.is_some() {
            // The log has told how it went.
            let _ = reloader.reload();
        }
    }
}
