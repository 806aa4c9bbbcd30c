//! The one source of every manifest: the roles, as they run in containers.

use toml::{Table, Value};

use super::model::{Deployment, Limits, Mount, Network, Port, Service, Setting, User};
use crate::cli::RoleName;
use crate::secrets::{CONTAINERS, SecretName};

/// What the operator chose on the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Choice {
    /// The names under which the school is reached.
    pub(crate) domains: Vec<String>,
    /// Where the image can be built from.
    pub(crate) build: Option<String>,
}

impl Choice {
    /// The options that say the same on the command line.
    pub(crate) fn as_words(&self) -> String {
        let domains = self
            .domains
            .iter()
            .map(|domain| format!(" --domain {domain}"));
        let build = self.build.iter().map(|folder| format!(" --build {folder}"));
        domains.chain(build).collect()
    }
}

/// The version whose image is run.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Where a container has what it keeps.
const DATA: &str = "/data";
/// Who may have forwarded a request to `web`: in its networks there is nobody but the edge and the stores.
const PRIVATE_NETWORKS: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];
/// How the edge finds those who play `web`: a dead one is left out by the first connection that fails, or at the
/// second question; one that came back is used again at the first good answer.
const UPSTREAM: &str = r#"
name = "school"
targets = ["http://web:8000"]
balance = "${BALANCE:-round_robin}"
check = { path = "/health", interval = "800ms", timeout = "800ms", rise = 1, fall = 2 }
connect_timeout = "500ms"
eject_after = 1
eject_for = "2s"
"#;
const SITE: &str = r#"
host = "*"
path = "/"
upstream = "school"
"#;

/// Everything that runs.
pub(crate) fn deployment(choice: &Choice) -> Deployment {
    Deployment {
        services: vec![edge(choice), web(choice)],
    }
}

fn edge(choice: &Choice) -> Service {
    let (http, https) = if choice.domains.is_empty() {
        (8080, 8443)
    } else {
        (80, 443)
    };
    let domains = format!("${{PENDOPO_DOMAINS:-{}}}", choice.domains.join(","));
    let settings = vec![
        ("data", Value::from(DATA)),
        ("domains", Value::from(domains)),
        ("language", Value::from("${PENDOPO_LANGUAGE:-id}")),
        ("edge.http", Value::from("0.0.0.0:80")),
        ("edge.https", Value::from("0.0.0.0:443")),
        ("edge.upstream", list_of(UPSTREAM)),
        ("edge.site", list_of(SITE)),
    ];
    Service {
        mounts: kept_in("edge-data"),
        networks: vec![Network::Frontend],
        ports: vec![
            Port {
                variable: "HTTP_PORT",
                outside: http,
                inside: 80,
            },
            Port {
                variable: "HTTPS_PORT",
                outside: https,
                inside: 443,
            },
        ],
        limits: Limits {
            milli_cpus: 1000,
            mebibytes: 256,
            processes: 128,
        },
        ..role(RoleName::Edge, settings, choice)
    }
}

fn web(choice: &Choice) -> Service {
    let settings = vec![
        ("data", Value::from(DATA)),
        ("language", Value::from("${PENDOPO_LANGUAGE:-id}")),
        ("web.listen", Value::from("0.0.0.0:8000")),
        ("web.time_zone", Value::from("${TIME_ZONE:-WIB}")),
        (
            "edge.trusted_proxies",
            Value::from(PRIVATE_NETWORKS.to_vec()),
        ),
        secret("admin.password_file", SecretName::AdminPassword),
        // The edge needs a moment to turn away from one that ends.
        ("drain.delay", Value::from("3s")),
    ];
    Service {
        secrets: vec![SecretName::AdminPassword],
        mounts: kept_in("web-data"),
        networks: vec![Network::Frontend, Network::Backend],
        limits: Limits {
            milli_cpus: 1000,
            mebibytes: 512,
            processes: 128,
        },
        ..role(RoleName::Web, settings, choice)
    }
}

/// What is the same for all of ours.
fn role(role: RoleName, settings: Vec<Setting>, choice: &Choice) -> Service {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Service {
        name: role.as_str(),
        image: format!("${{IMAGE:-pendopo:{VERSION}}}"),
        build: choice.build.clone(),
        command: words(&["serve", "--role", role.as_str()]),
        settings,
        secrets: Vec::new(),
        mounts: Vec::new(),
        networks: Vec::new(),
        ports: Vec::new(),
        limits: Limits {
            milli_cpus: 1000,
            mebibytes: 256,
            processes: 128,
        },
        health: words(&["/pendopo", "healthcheck", "--role", role.as_str()]),
        start_seconds: 30,
        stop_seconds: 45,
        user: User {
            user: CONTAINERS,
            group: CONTAINERS,
        },
    }
}

fn kept_in(volume: &'static str) -> Vec<Mount> {
    vec![
        Mount::Volume {
            name: volume,
            target: DATA,
        },
        Mount::Memory {
            target: "/tmp",
            mebibytes: 16,
        },
    ]
}

/// A key that names a secret's file.
fn secret(key: &'static str, name: SecretName) -> Setting {
    (key, Value::from(format!("/run/secrets/{}", name.as_str())))
}

/// A list with one table.
fn list_of(table: &str) -> Value {
    let table: Table = table.parse().expect("a table of ours is TOML");
    Value::from(vec![Value::Table(table)])
}
