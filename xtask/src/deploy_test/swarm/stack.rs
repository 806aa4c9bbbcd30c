//! A stack of its own, with secrets and ports of its own; removed with this.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::deploy_test::engine::Engine;
use crate::deploy_test::project::{PATIENCE, free_port, make_secrets, secrets};
use crate::deploy_test::{image, outside, wait_for};
use crate::program::run;

/// What its services, networks and volumes begin with: another name than that of the Compose project.
pub(in crate::deploy_test) const NAME: &str = "pendopo-deploy-stack";

/// What is done when it is asked for.
const JOBS: [&str; 2] = ["migrate", "backup"];

pub(in crate::deploy_test) struct Stack<'a> {
    pub(in crate::deploy_test) engine: &'a Engine,
    root: &'a Path,
    /// Where the manifest is, with the configuration of each role.
    pub(in crate::deploy_test) folder: PathBuf,
    pub(in crate::deploy_test) secrets: PathBuf,
    pub(in crate::deploy_test) http: u16,
    https: u16,
    /// What the first deployment printed.
    told: String,
    has_begun_swarm: bool,
    /// Its services, jobs apart.
    services: Vec<String>,
}

impl<'a> Stack<'a> {
    /// Deploys it as the documents say: render, secrets, one command.
    pub(in crate::deploy_test) fn deploy(
        root: &'a Path,
        engine: &'a Engine,
        words: &[&str],
    ) -> Result<Self> {
        let folder = root.join("target/deploy-test/stack");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        run(Command::new(root.join(image::BINARY))
            .args(["render", "stack"])
            .args(words)
            .arg("--to")
            .arg(&folder))?;
        let mut stack = Self {
            engine,
            root,
            folder,
            secrets: secrets(root, NAME)?,
            http: free_port()?,
            https: free_port()?,
            told: String::new(),
            has_begun_swarm: false,
            services: Vec::new(),
        };
        let state = ["info", "--format", "{{.Swarm.LocalNodeState}}"];
        if engine.docker(&state)? != "active" {
            engine.docker(&["swarm", "init", "--advertise-addr", "127.0.0.1"])?;
            stack.has_begun_swarm = true;
        }
        stack.remove()?;
        stack.remove_volumes()?;
        stack.told = stack.ask_for(&[])?;
        stack.services = stack.running()?;
        stack.wait_until_well()?;
        Ok(stack)
    }

    /// `docker stack deploy`, and until every task is well.
    pub(in crate::deploy_test) fn deploy_again(&self, variables: &[(&str, &str)]) -> Result<()> {
        self.ask_for(variables)?;
        self.wait_until_well()
    }

    /// What `docker stack deploy` prints.
    fn ask_for(&self, variables: &[(&str, &str)]) -> Result<String> {
        let mut command = self.engine.client("docker")?;
        command
            .args(["stack", "deploy", "--resolve-image=never"])
            .args(["--compose-file", "stack.yaml", NAME])
            .current_dir(&self.folder)
            .env("STACK", NAME)
            .env("SECRETS", &self.secrets)
            .env("HTTP_PORT", self.http.to_string())
            .env("HTTPS_PORT", self.https.to_string())
            .envs(variables.iter().copied());
        let out = command.output().context("docker did not start")?;
        let told = [out.stdout, out.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        ensure!(out.status.success(), "`docker stack deploy`: {told}");
        Ok(told)
    }

    /// The services that go on, by their names in the manifest.
    fn running(&self) -> Result<Vec<String>> {
        let words = ["stack", "services", "--format", "{{.Name}}", NAME];
        let told = self.engine.docker(&words)?;
        let names = told
            .lines()
            .filter_map(|name| name.strip_prefix(NAME)?.strip_prefix('_'))
            .filter(|name| !JOBS.contains(name));
        Ok(names.map(str::to_owned).collect())
    }

    /// What the first deployment printed.
    pub(in crate::deploy_test) fn told(&self) -> &str {
        &self.told
    }

    /// Until every service has as many healthy tasks as it shall have, and no update goes on.
    pub(in crate::deploy_test) fn wait_until_well(&self) -> Result<()> {
        let is_well = || {
            let each = self.services.iter().map(|service| self.is_well(service));
            Ok(each.collect::<Result<Vec<_>>>()?.into_iter().all(|is| is))
        };
        wait_for("every task is well", PATIENCE * 2, is_well).map(drop)
    }

    fn is_well(&self, service: &str) -> Result<bool> {
        let told = self.inspect(service)?;
        let wanted = told["Spec"]["Mode"]["Replicated"]["Replicas"].as_u64();
        let state = told["UpdateStatus"]["State"].as_str().unwrap_or_default();
        let is_updating = state.ends_with("updating") || state.ends_with("started");
        Ok(!is_updating && wanted == Some(self.healthy(service)? as u64))
    }

    /// How many containers of a service are healthy; none if one is not.
    fn healthy(&self, service: &str) -> Result<usize> {
        let containers = self.containers(service)?;
        for id in &containers {
            // It may end between the two questions.
            let Ok(told) = self.engine.inspect(id) else {
                return Ok(0);
            };
            if told["State"]["Health"]["Status"] != "healthy" {
                return Ok(0);
            }
        }
        Ok(containers.len())
    }

    /// What the swarm knows of a service.
    pub(in crate::deploy_test) fn inspect(&self, service: &str) -> Result<Value> {
        let name = format!("{NAME}_{service}");
        let words = ["service", "inspect", "--format", "{{json .}}", &name];
        Ok(serde_json::from_str(&self.engine.docker(&words)?)?)
    }

    /// A change of a service, such as `update` or `scale`, that is not waited for.
    pub(in crate::deploy_test) fn change(
        &self,
        verb: &str,
        words: &[&str],
        service: &str,
    ) -> Result<()> {
        let name = format!("{NAME}_{service}");
        let all = [&["service", verb, "--detach"], words, &[&name]].concat();
        self.engine.docker(&all).map(drop)
    }

    pub(in crate::deploy_test) fn scale(&self, service: &str, replicas: usize) -> Result<()> {
        let wanted = format!("{NAME}_{service}={replicas}");
        self.engine
            .docker(&["service", "scale", "--detach", &wanted])?;
        self.wait_until_well()
    }

    /// Scales a service to nothing, and until nothing of it runs.
    pub(in crate::deploy_test) fn stop(&self, service: &str) -> Result<()> {
        self.scale(service, 0)
    }

    /// The same, whatever becomes of the others.
    pub(in crate::deploy_test) fn stop_task(&self, service: &str) -> Result<()> {
        let wanted = format!("{NAME}_{service}=0");
        let words = ["service", "scale", "--detach", &wanted];
        self.engine.docker(&words)?;
        let is_gone = || Ok(self.containers(service)?.is_empty());
        wait_for("no task of it runs", PATIENCE, is_gone).map(drop)
    }

    /// What `docker service` tells of a service.
    pub(in crate::deploy_test) fn ask(&self, service: &str, words: &[&str]) -> Result<String> {
        let name = format!("{NAME}_{service}");
        self.engine
            .docker(&[&["service"], words, &[&name]].concat())
    }

    /// A secret of the stack, as its file has it.
    pub(in crate::deploy_test) fn secret(&self, name: &str) -> Result<String> {
        let text = fs::read_to_string(self.secrets.join(name))?;
        Ok(text.trim_end().to_owned())
    }

    /// The running containers of a service.
    pub(in crate::deploy_test) fn containers(&self, service: &str) -> Result<Vec<String>> {
        let service = format!("label=com.docker.swarm.service.name={NAME}_{service}");
        let words = ["ps", "--no-trunc", "--quiet", "--filter", &service];
        let told = self.engine.docker(&words)?;
        Ok(told.lines().map(str::to_owned).collect())
    }

    pub(in crate::deploy_test) fn container(&self, service: &str) -> Result<String> {
        let found = self.containers(service)?.into_iter().next();
        found.with_context(|| format!("no container of {service} runs"))
    }

    /// Runs a program in a container of a service.
    pub(in crate::deploy_test) fn exec(&self, service: &str, words: &[&str]) -> Result<String> {
        let id = self.container(service)?;
        self.engine.docker(&[&["exec", &id], words].concat())
    }

    /// A token that may write.
    pub(in crate::deploy_test) fn token(&self) -> Result<String> {
        self.engine.token(&self.container("web")?)
    }

    /// Adds somebody, as a client outside; the path of them.
    pub(in crate::deploy_test) fn add_user(&self, token: &str) -> Result<String> {
        let mut client = outside::connect(0, self.http)?;
        client.authorize(&format!("Bearer {token}"));
        let name = json!({ "first_name": "Sri", "last_name": "Kept" });
        let user = client.post("/user", &name)?;
        Ok(format!("/user/{}", user["id"]))
    }

    /// How a path is answered, to a client outside with a token.
    pub(in crate::deploy_test) fn get(&self, path: &str, token: &str) -> Result<u16> {
        let mut client = outside::connect(0, self.http)?;
        client.authorize(&format!("Bearer {token}"));
        Ok(client.get(path)?.status)
    }

    /// Secrets in the place of those that were removed.
    pub(in crate::deploy_test) fn make_secrets(&self) -> Result<()> {
        make_secrets(self.root, &self.secrets)
    }

    #[expect(clippy::unused_self, reason = "it is the stack's")]
    pub(in crate::deploy_test) fn volume_name(&self, name: &str) -> String {
        format!("{NAME}_{name}")
    }

    /// Where a volume is on this machine.
    pub(in crate::deploy_test) fn volume(&self, name: &str) -> Result<PathBuf> {
        let name = self.volume_name(name);
        let words = ["volume", "inspect", "--format", "{{.Mountpoint}}", &name];
        self.engine.docker(&words).map(PathBuf::from)
    }

    /// `docker stack rm`, and until nothing but the volumes is left.
    pub(in crate::deploy_test) fn remove(&self) -> Result<()> {
        self.engine.docker(&["stack", "rm", NAME])?;
        let label = format!("label=com.docker.stack.namespace={NAME}");
        let is_gone = || {
            let containers = ["ps", "--all", "--quiet", "--filter", &label];
            let networks = ["network", "ls", "--quiet", "--filter", &label];
            Ok(self.engine.docker(&containers)?.is_empty()
                && self.engine.docker(&networks)?.is_empty())
        };
        wait_for("the stack is gone", PATIENCE, is_gone).map(drop)
    }

    fn remove_volumes(&self) -> Result<()> {
        let label = format!("label=com.docker.stack.namespace={NAME}");
        let words = ["volume", "ls", "--quiet", "--filter", &label];
        for name in self.engine.docker(&words)?.lines() {
            self.engine.docker(&["volume", "rm", "--force", name])?;
        }
        Ok(())
    }

    /// What became of the tasks, and what they last said.
    pub(in crate::deploy_test) fn logs(&self) -> String {
        let mut text = String::new();
        for service in &self.services {
            let name = format!("{NAME}_{service}");
            let tasks = self.engine.docker(&["service", "ps", "--no-trunc", &name]);
            text += &tasks.unwrap_or_else(|error| format!("{error:#}\n"));
            for id in self.containers(service).unwrap_or_default() {
                let said = self.engine.said(&id);
                text += &said.unwrap_or_else(|error| format!("{error:#}\n"));
            }
        }
        text
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        // Whoever looks for why it failed has the error; the next run begins by removing what is left.
        let _ = self.remove();
        let _ = self.remove_volumes();
        if self.has_begun_swarm {
            let _ = self.engine.docker(&["swarm", "leave", "--force"]);
            // Else its rules stay on the machine, and rewrite the addresses of whoever gets its network next.
            let _ = self.engine.docker(&["network", "rm", "docker_gwbridge"]);
        }
    }
}
