//! The project of `deploy/compose.yaml`, with secrets of its own, on ports of its own; removed with this.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use super::engine::Engine;
use super::wait_for;
use crate::bench::http::Client;
use crate::program::{output, run, say};

/// What its containers, networks and volumes begin with.
const NAME: &str = "pendopo-deploy-test";
/// A container is healthy, or gone, within this time on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

pub(super) struct Project<'a> {
    pub(super) engine: &'a Engine,
    manifest: PathBuf,
    secrets: PathBuf,
    http: u16,
    https: u16,
}

impl<'a> Project<'a> {
    /// Starts it as the documents say: secrets, then one command.
    pub(super) fn start(root: &Path, engine: &'a Engine) -> Result<Self> {
        let secrets = root.join("target/deploy-test/secrets");
        if secrets.exists() {
            fs::remove_dir_all(&secrets)?;
        }
        let binary = root.join("target/release/pendopo");
        run(Command::new(binary)
            .args(["init-secrets", "--to"])
            .arg(&secrets))?;
        let project = Self {
            engine,
            manifest: root.join("deploy/compose.yaml"),
            secrets,
            http: free_port()?,
            https: free_port()?,
        };
        project.down(&["--volumes"])?;
        if let Err(error) = project.up() {
            say(&project.logs());
            return Err(error);
        }
        Ok(project)
    }

    /// `docker-compose up -d`, and until everything is healthy.
    pub(super) fn up(&self) -> Result<()> {
        output(self.compose()?.args(["up", "--detach"]))?;
        self.wait_until_healthy()
    }

    /// Stops and removes the containers; the volumes only with that word.
    pub(super) fn down(&self, words: &[&str]) -> Result<()> {
        output(
            self.compose()?
                .args(["down", "--timeout", "20"])
                .args(words),
        )
        .map(drop)
    }

    fn compose(&self) -> Result<Command> {
        let mut command = self.engine.client("docker-compose")?;
        command
            .args(["--project-name", NAME, "--file"])
            .arg(&self.manifest)
            .env("SECRETS", &self.secrets)
            .env("HTTP_PORT", format!("127.0.0.1:{}", self.http))
            .env("HTTPS_PORT", format!("127.0.0.1:{}", self.https));
        Ok(command)
    }

    fn wait_until_healthy(&self) -> Result<()> {
        let is_healthy = || {
            let mut states = Vec::new();
            for id in self.containers("")? {
                states.push(self.inspect(&id)?["State"]["Health"]["Status"].clone());
            }
            Ok(states.iter().all(|state| state == "healthy"))
        };
        wait_for("every container is healthy", PATIENCE, is_healthy).map(drop)
    }

    /// The running containers of a service; of all with an empty name.
    pub(super) fn containers(&self, service: &str) -> Result<Vec<String>> {
        let project = format!("label=com.docker.compose.project={NAME}");
        let service = match service {
            "" => "label=com.docker.compose.service".to_owned(),
            name => format!("label=com.docker.compose.service={name}"),
        };
        let words = [
            "ps",
            "--no-trunc",
            "--filter",
            &project,
            "--filter",
            &service,
        ];
        let told = self.engine.docker(&[&words[..], &["--quiet"]].concat())?;
        Ok(told.lines().map(str::to_owned).collect())
    }

    /// The only container of a service.
    pub(super) fn container(&self, service: &str) -> Result<String> {
        let found = self.containers(service)?.into_iter().next();
        found.with_context(|| format!("no container of {service} runs"))
    }

    /// What the engine knows of a container.
    pub(super) fn inspect(&self, id: &str) -> Result<Value> {
        let told = self
            .engine
            .docker(&["inspect", "--format", "{{json .}}", id])?;
        Ok(serde_json::from_str(&told)?)
    }

    /// Its first process, as this machine numbers it.
    pub(super) fn pid(&self, id: &str) -> Result<u64> {
        let told = self.inspect(id)?;
        told["State"]["Pid"].as_u64().context("it has no process")
    }

    /// Its address in one of the project's networks.
    pub(super) fn address(&self, id: &str, network: &str) -> Result<String> {
        let told = self.inspect(id)?;
        let place = &told["NetworkSettings"]["Networks"][network_name(network)];
        let address = place["IPAddress"].as_str();
        address
            .map(str::to_owned)
            .with_context(|| format!("it is not in {network}"))
    }

    /// A client of the front door, over plain HTTP.
    pub(super) fn client(&self) -> Result<Client> {
        Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.http)))
    }

    /// What the containers last said.
    pub(super) fn logs(&self) -> String {
        let told = self
            .compose()
            .and_then(|mut compose| output(compose.args(["logs", "--no-color", "--tail", "30"])));
        told.unwrap_or_else(|error| format!("{error:#}"))
    }
}

/// A network of the project, by its name in the manifest.
pub(super) fn network_name(network: &str) -> String {
    format!("{NAME}_{network}")
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        // Whoever looks for why it failed has the error; the next run begins by removing what is left.
        let _ = self.down(&["--volumes"]);
    }
}
