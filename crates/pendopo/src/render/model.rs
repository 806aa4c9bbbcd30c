//! A deployment as values: what runs, with what rights and limits, and who may reach whom. No word of any orchestrator.

use toml::Value;

use crate::secrets::SecretName;

/// Everything that runs.
#[derive(Debug, Clone)]
pub(crate) struct Deployment {
    /// In the order in which they are shown.
    pub(crate) services: Vec<Service>,
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
    pub(crate) settings: Vec<Setting>,
    pub(crate) secrets: Vec<SecretName>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) networks: Vec<Network>,
    /// What everybody outside reaches.
    pub(crate) ports: Vec<Port>,
    pub(crate) limits: Limits,
    /// The program that says by its exit code whether it is well.
    pub(crate) health: Vec<String>,
    /// The most seconds that may pass until it is well.
    pub(crate) start_seconds: u32,
    /// The seconds that it has to finish after SIGTERM.
    pub(crate) stop_seconds: u32,
    pub(crate) user: User,
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
    /// The variable with the port outside.
    pub(crate) variable: &'static str,
    /// The port outside, unless the variable says another one.
    pub(crate) outside: u16,
    pub(crate) inside: u16,
}

/// What a container may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) milli_cpus: u32,
    pub(crate) mebibytes: u32,
    pub(crate) processes: u32,
}

/// The numbers of the user and the group that a program runs as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Deployment {
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
        names.dedup();
        names
    }
}

impl Service {
    /// Its volumes, each with its place.
    pub(crate) fn volumes(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.mounts.iter().filter_map(|mount| match mount {
            Mount::Volume { name, target } => Some((*name, *target)),
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
