//! A deployment as values: what runs, with what rights and limits, and who may reach whom. No word of any orchestrator.

use toml::Value;

use crate::cli::RoleName;
use crate::secrets::SecretName;

/// Everything that runs.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    /// In the order in which they are shown.
    pub(crate) services: Vec<Service>,
    /// What is started by hand and ends by itself.
    pub(crate) jobs: Vec<Job>,
}

/// A task that has the configuration, the secrets and the places of a service.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) name: &'static str,
    /// The service that it is done for.
    pub(crate) of: &'static str,
    pub(crate) command: Vec<String>,
}

/// One program in containers of its own.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    /// Its name, by which others find it.
    pub(crate) name: &'static str,
    pub(crate) image: String,
    /// Where its image can be built from, from the manifest's folder.
    pub(crate) build: Option<String>,
    /// What the image's program gets to read.
    pub(crate) command: Vec<String>,
    pub(crate) configuration: Configuration,
    pub(crate) secrets: Vec<SecretName>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) networks: Vec<Network>,
    /// What it listens on for others of the deployment.
    pub(crate) listens: Vec<u16>,
    /// Those whose listeners it reaches.
    pub(crate) talks_to: Vec<&'static str>,
    /// What everybody outside reaches.
    pub(crate) ports: Vec<Port>,
    pub(crate) limits: Limits,
    /// The program that says by its exit code whether it is well.
    pub(crate) health: Vec<String>,
    /// The most seconds that may pass until it is well.
    pub(crate) start_seconds: u32,
    /// The seconds that it has to finish after SIGTERM.
    pub(crate) stop_seconds: u32,
    pub(crate) replicas: u32,
    pub(crate) update: Update,
    /// What of the nodes it may run on, as the operator's variable says.
    pub(crate) nodes: &'static str,
    pub(crate) user: User,
}

/// How a program is told what to do.
#[derive(Debug, Clone)]
pub(crate) enum Configuration {
    /// One of ours, which plays this role, by the keys of its configuration.
    Settings(RoleName, Vec<Setting>),
    /// A foreign one, by variables of its environment.
    Environment(Vec<(&'static str, String)>),
}

/// A key of the configuration with its value, in which `${NAME:-default}` stands for what the operator may change.
pub(crate) type Setting = (&'static str, Value);

/// A place that can be written, in an image that is read-only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mount {
    /// A volume that outlives the container.
    Volume {
        name: &'static str,
        target: &'static str,
    },
    /// The same, of which nothing can be changed from there.
    Readable {
        name: &'static str,
        target: &'static str,
    },
    /// Memory of so many MiB.
    Memory {
        target: &'static str,
        mebibytes: u32,
    },
}

/// Who is together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// The front door and those behind it.
    Frontend,
    /// Those behind it and their stores, without a way out.
    Backend,
}

/// A listener that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Port {
    pub(crate) name: &'static str,
    /// The variable with the port outside.
    pub(crate) variable: &'static str,
    /// The port outside, unless the variable says another one.
    pub(crate) outside: u16,
    pub(crate) inside: u16,
}

/// What a container may use, and what is set aside for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) milli_cpus: u32,
    pub(crate) mebibytes: u32,
    pub(crate) processes: u32,
    pub(crate) reserved_milli_cpus: u32,
    pub(crate) reserved_mebibytes: u32,
}

/// What comes first when a new version takes the place of an old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Update {
    /// The new one starts; both run for a while.
    StartFirst,
    /// The old one ends, since the two can't share a port or a file.
    StopFirst,
}

/// The numbers of the user and the group that a program runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Deployment {
    /// The service of this name.
    pub(crate) fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    pub(crate) fn secrets(&self) -> Vec<SecretName> {
        let is_used = |name: &SecretName| {
            self.services
                .iter()
                .any(|service| service.secrets.contains(name))
        };
        SecretName::ALL.into_iter().filter(is_used).collect()
    }

    /// The volumes, each once, in the order of the services.
    pub(crate) fn volumes(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for service in &self.services {
            names.extend(service.volumes().map(|(name, _)| name));
        }
        let mut seen = Vec::new();
        names.retain(|name| {
            let is_new = !seen.contains(name);
            seen.push(*name);
            is_new
        });
        names
    }
}

impl Service {
    /// The role that it plays, if it is one of ours.
    pub(crate) fn role(&self) -> Option<RoleName> {
        match self.configuration {
            Configuration::Settings(role, _) => Some(role),
            Configuration::Environment(_) => None,
        }
    }

    /// Its volumes, each with its place.
    pub(crate) fn volumes(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.mounts.iter().filter_map(|mount| match mount {
            Mount::Volume { name, target } | Mount::Readable { name, target } => {
                Some((*name, *target))
            }
            Mount::Memory { .. } => None,
        })
    }
}

impl Network {
    pub(crate) const ALL: [Self; 2] = [Self::Frontend, Self::Backend];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Frontend => "frontend",
            Self::Backend => "backend",
        }
    }

    /// Whether there is no way out of it.
    pub(crate) fn is_internal(self) -> bool {
        self == Self::Backend
    }
}

impl User {
    pub(crate) fn as_text(self) -> String {
        format!("{}:{}", self.user, self.group)
    }
}

/// A command, or a question after health.
pub(crate) fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A place of memory alone.
pub(crate) fn memory(target: &'static str, mebibytes: u32) -> Mount {
    Mount::Memory { target, mebibytes }
}

/// A key that names a secret's file.
pub(crate) fn secret(key: &'static str, name: SecretName) -> Setting {
    (key, Value::from(format!("/run/secrets/{}", name.as_str())))
}

/// The text with each `${NAME:-default}` replaced by its default, for manifests that know no variables.
pub(crate) fn settled(text: &str) -> String {
    let mut settled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, behind) = after.split_once('}').unwrap_or((after, ""));
        let default = variable.split_once(":-").map_or("", |(_, default)| default);
        settled.push_str(before);
        settled.push_str(default);
        rest = behind;
    }
    settled + rest
}
