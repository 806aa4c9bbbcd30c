//! The one source of every manifest: the roles, as they run in containers.

use toml::{Table, Value};

use super::choice::Choice;
use super::model::{
    Configuration, Deployment, Job, Limits, Mount, Network, Port, Service, Setting, Update, User,
    memory, secret, words,
};
use super::servers;
use crate::cli::RoleName;
use crate::secrets::{CONTAINERS, SecretName};

/// The version whose image is run.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The job that makes a backup.
pub(super) const BACKUP: &str = "backup";
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
check = { path = "/health", interval = "600ms", timeout = "800ms", rise = 1, fall = 2 }
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
    let mut deployment = Deployment {
        services: vec![edge(choice), web(choice)],
        jobs: Vec::new(),
    };
    if choice.postgres {
        servers::add_postgres(&mut deployment, choice);
        deployment.jobs.push(job("migrate", &["migrate"]));
    }
    deployment
        .jobs
        .push(job(BACKUP, &["backup", "create", "--thin-out"]));
    if choice.pgbouncer {
        servers::add_pgbouncer(&mut deployment);
    }
    if choice.log_reader {
        servers::add_log_reader(&mut deployment);
    }
    if choice.mongo {
        servers::add_mongo(&mut deployment, choice);
    }
    if choice.redis {
        servers::add_redis(&mut deployment);
    }
    deployment
}

fn job(name: &'static str, command: &[&str]) -> Job {
    Job {
        name,
        of: "web",
        command: words(command),
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
        talks_to: vec!["web"],
        ports: vec![
            port("http", "HTTP_PORT", (http, 80)),
            port("https", "HTTPS_PORT", (https, 443)),
        ],
        nodes: "EDGE_NODES",
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
    let common = role(RoleName::Web, settings, choice);
    Service {
        secrets: vec![SecretName::AdminPassword],
        mounts: kept_in("web-data"),
        networks: vec![Network::Frontend, Network::Backend],
        listens: vec![8000],
        limits: Limits {
            mebibytes: 512,
            reserved_milli_cpus: 250,
            reserved_mebibytes: 128,
            ..common.limits
        },
        nodes: "WEB_NODES",
        ..common
    }
}

/// What is the same for all of ours.
fn role(role: RoleName, settings: Vec<Setting>, choice: &Choice) -> Service {
    Service {
        name: role.as_str(),
        image: format!("${{IMAGE:-pendopo:{VERSION}}}"),
        build: choice.build.clone(),
        command: words(&["serve", "--role", role.as_str()]),
        configuration: Configuration::Settings(role, settings),
        secrets: Vec::new(),
        mounts: Vec::new(),
        networks: Vec::new(),
        listens: Vec::new(),
        talks_to: Vec::new(),
        ports: Vec::new(),
        limits: Limits {
            milli_cpus: 1000,
            mebibytes: 256,
            processes: 128,
            reserved_milli_cpus: 100,
            reserved_mebibytes: 64,
        },
        health: words(&["/pendopo", "healthcheck", "--role", role.as_str()]),
        start_seconds: 30,
        stop_seconds: 45,
        replicas: 1,
        // One data directory is for one process.
        update: Update::StopFirst,
        nodes: "",
        user: User {
            user: CONTAINERS,
            group: CONTAINERS,
        },
    }
}

fn port(name: &'static str, variable: &'static str, (outside, inside): (u16, u16)) -> Port {
    Port {
        name,
        variable,
        outside,
        inside,
    }
}

fn kept_in(volume: &'static str) -> Vec<Mount> {
    let data = Mount::Volume {
        name: volume,
        target: DATA,
    };
    vec![data, memory("/tmp", 16)]
}

/// A list with one table.
fn list_of(table: &str) -> Value {
    let table: Table = table.parse().expect("a table of ours is TOML");
    Value::from(vec![Value::Table(table)])
}
