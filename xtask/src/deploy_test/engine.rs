//! The Docker Engine: the one that runs, or one of our own with a place of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde_json::Value;

use super::wait_for;
use crate::program::{self, output, say};
use crate::tools;

/// Where engines are found by default.
const SOCKET: &str = "/run/docker.sock";
/// Where ours is, with everything that it keeps.
const PLACE: &str = "/run/pendopo-deploy-test";
const STORE: &str = "/var/lib/pendopo-deploy-test";

/// An engine, and ours if nobody else runs one; then it ends with this, and what it kept is removed.
pub(crate) struct Engine {
    socket: PathBuf,
    own: Option<Child>,
}

impl Engine {
    pub(crate) fn find_or_start() -> Result<Self> {
        let found = Self {
            socket: PathBuf::from(SOCKET),
            own: None,
        };
        if found.docker(&["version"]).is_ok() {
            return Ok(found);
        }
        Self::start()
    }

    fn start() -> Result<Self> {
        let place = Path::new(PLACE);
        fs::create_dir_all(place).context("only root can start a Docker Engine")?;
        let socket = place.join("docker.sock");
        let log = fs::File::create(place.join("dockerd.log"))?;
        let daemon = tools::program("dockerd").context("dockerd is not there")?;
        say("$ dockerd");
        let child = Command::new(daemon)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .arg(format!("--host=unix://{}", socket.display()))
            .arg(format!("--data-root={STORE}"))
            .arg(format!("--exec-root={PLACE}/exec"))
            .arg(format!("--pidfile={PLACE}/dockerd.pid"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("dockerd did not start")?;
        let mut engine = Self {
            socket,
            own: Some(child),
        };
        engine.wait_until_it_answers().with_context(|| {
            let log = fs::read_to_string(place.join("dockerd.log")).unwrap_or_default();
            format!(
                "no Docker Engine runs, and this one did not start: {}",
                ending(&log)
            )
        })?;
        Ok(engine)
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let answers = || {
            if let Some(child) = &mut self.own
                && let Some(status) = child.try_wait()?
            {
                bail!("dockerd ended with {status}");
            }
            Ok(client(&self.socket, "docker")?
                .arg("version")
                .output()?
                .status
                .success())
        };
        wait_for("the Docker Engine answers", Duration::from_mins(1), answers).map(drop)
    }

    /// Runs `docker` to its end; what it printed.
    pub(crate) fn docker(&self, words: &[&str]) -> Result<String> {
        output(self.client("docker")?.args(words)).map(|text| text.trim().to_owned())
    }

    /// The same for a command that must fail; what it complained of.
    pub(super) fn docker_refuses(&self, words: &[&str]) -> Result<String> {
        match self.docker(words) {
            Ok(text) => bail!("`docker {}` must fail, and printed {text}", words.join(" ")),
            Err(error) => Ok(format!("{error:#}")),
        }
    }

    /// A token that may write, made inside a container, where there is no shell.
    pub(super) fn token(&self, id: &str) -> Result<String> {
        let words = ["exec", id, "/pendopo", "token", "new", "admin"];
        let more = ["--label", "deploy-test", "--scope", "write"];
        let told = self.docker(&[&words[..], &more].concat())?;
        let token = told.lines().last().context("no token was told")?;
        Ok(token.trim().to_owned())
    }

    /// What is known of a container.
    pub(super) fn inspect(&self, id: &str) -> Result<Value> {
        let told = self.docker(&["inspect", "--format", "{{json .}}", id])?;
        Ok(serde_json::from_str(&told)?)
    }

    /// A container's first process, as this machine numbers it.
    pub(crate) fn pid(&self, id: &str) -> Result<u64> {
        let told = self.inspect(id)?;
        told["State"]["Pid"].as_u64().context("it has no process")
    }

    /// What a container said last.
    pub(crate) fn said(&self, id: &str) -> Result<String> {
        let mut docker = self.client("docker")?;
        let out = docker.args(["logs", "--tail", "20", id]).output()?;
        let all = [out.stdout, out.stderr].concat();
        Ok(String::from_utf8_lossy(&all).into_owned())
    }

    /// A client of this engine, by its name.
    pub(crate) fn client(&self, name: &str) -> Result<Command> {
        client(&self.socket, name)
    }
}

fn client(socket: &Path, name: &str) -> Result<Command> {
    let program = tools::program(name).with_context(|| format!("{name} is not there"))?;
    let mut command = Command::new(program);
    command
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        // The builder that needs nothing from elsewhere.
        .env("DOCKER_BUILDKIT", "0")
        .env("COMPOSE_DOCKER_CLI_BUILD", "0");
    Ok(command)
}

/// The lines in which a program says why it ended.
fn ending(log: &str) -> String {
    let lines: Vec<&str> = log.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

impl Drop for Engine {
    fn drop(&mut self) {
        let Some(child) = &mut self.own else {
            return;
        };
        program::signal(child.id(), Signal::TERM);
        // What is left is told of by the next start, which fails.
        let _ = child.wait();
        let _ = fs::remove_dir_all(STORE);
        let _ = fs::remove_dir_all(PLACE);
    }
}
