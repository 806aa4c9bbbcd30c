//! A project of the manifests in `deploy/`, with secrets of its own, on ports of its own; removed with this.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::engine::Engine;
use super::{image, wait_for};
use crate::http::Client;
use crate::program::{output, run, say};

/// What its containers, networks and volumes begin with.
const NAME: &str = "pendopo-deploy-test";
/// A container is healthy, or gone, within this time on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

pub(super) struct Project<'a> {
    pub(super) engine: &'a Engine,
    manifests: Vec<PathBuf>,
    secrets: PathBuf,
    pub(super) http: u16,
    pub(super) https: u16,
    /// What stands in its environment besides.
    variables: Vec<(String, String)>,
}

impl<'a> Project<'a> {
    /// Starts it as the documents say: secrets, then one command.
    pub(super) fn start(root: &Path, engine: &'a Engine, manifests: &[&str]) -> Result<Self> {
        let ports = (free_port()?, free_port()?);
        Self::start_as(root, engine, manifests, ports, Vec::new())
    }

    /// The same on these ports, with variables; a manifest elsewhere is named by its whole path.
    pub(super) fn start_as(
        root: &Path,
        engine: &'a Engine,
        manifests: &[&str],
        (http, https): (u16, u16),
        variables: Vec<(String, String)>,
    ) -> Result<Self> {
        let deploy = root.join("deploy");
        let project = Self {
            engine,
            manifests: manifests.iter().map(|name| deploy.join(name)).collect(),
            secrets: secrets(root, NAME)?,
            http,
            https,
            variables,
        };
        project.down(&["--volumes"])?;
        if let Err(error) = project.up(&[], &[]) {
            say(&project.logs());
            return Err(error);
        }
        Ok(project)
    }

    /// `docker-compose up -d` with more words and variables, and until everything is healthy.
    pub(super) fn up(&self, words: &[&str], variables: &[(&str, &str)]) -> Result<()> {
        let mut command = self.compose()?;
        command.args(["up", "--detach"]).args(words);
        output(command.envs(variables.iter().copied()))?;
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

    /// `docker-compose` with these words; what it printed.
    pub(super) fn compose_good(&self, words: &[&str]) -> Result<String> {
        output(self.compose()?.args(words)).map(|text| text.trim().to_owned())
    }

    /// `docker-compose` of this project.
    pub(super) fn compose(&self) -> Result<Command> {
        let mut command = self.engine.client("docker-compose")?;
        command.args(["--project-name", NAME]);
        for manifest in &self.manifests {
            command.arg("--file").arg(manifest);
        }
        command
            .env("SECRETS", &self.secrets)
            .env("HTTP_PORT", self.http.to_string())
            .env("HTTPS_PORT", self.https.to_string())
            .envs(self.variables.iter().cloned());
        Ok(command)
    }

    fn wait_until_healthy(&self) -> Result<()> {
        let is_healthy = || {
            let mut states = Vec::new();
            for id in self.containers("")? {
                states.push(self.engine.inspect(&id)?["State"]["Health"]["Status"].clone());
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

    /// Its address in one of the project's networks.
    pub(super) fn address(&self, id: &str, network: &str) -> Result<String> {
        let told = self.engine.inspect(id)?;
        let place = &told["NetworkSettings"]["Networks"][network_name(network)];
        let address = place["IPAddress"].as_str();
        address
            .map(str::to_owned)
            .with_context(|| format!("it is not in {network}"))
    }

    /// Where a volume is on this machine.
    pub(super) fn volume(&self, name: &str) -> Result<PathBuf> {
        let name = format!("{NAME}_{name}");
        let words = ["volume", "inspect", "--format", "{{.Mountpoint}}", &name];
        self.engine.docker(&words).map(PathBuf::from)
    }

    /// A client of the front door, over plain HTTP.
    pub(super) fn client(&self) -> Result<Client> {
        Client::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, self.http)))
    }

    /// A secret of the project, as its file has it.
    pub(super) fn secret(&self, name: &str) -> Result<String> {
        let path = self.secrets.join(name);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(text.trim_end().to_owned())
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

/// Secrets as `pendopo init-secrets` makes them, new ones.
pub(super) fn secrets(root: &Path, whose: &str) -> Result<PathBuf> {
    let place = root.join("target/deploy-test/secrets").join(whose);
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(place.parent().unwrap_or(root))?;
    make_secrets(root, &place)?;
    Ok(place)
}

/// Those that are missing.
pub(super) fn make_secrets(root: &Path, place: &Path) -> Result<()> {
    let binary = root.join(image::BINARY);
    run(Command::new(binary)
        .args(["init-secrets", "--to"])
        .arg(place))
}

pub(super) fn free_port() -> Result<u16> {
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
