//! The database servers of a deployment, each in a container of its own, and what changes for `web`.

use toml::Value;

use super::choice::Choice;
use super::model::{
    Configuration, Deployment, Limits, Mount, Network, Service, Setting, Update, User,
};
use super::roles::{memory, secret, words};
use crate::secrets::{CONTAINERS, SecretName};

/// The user of the servers' own images; by the containers' group it reads its secret.
const SERVER: User = User {
    user: 999,
    group: CONTAINERS,
};

/// PostgreSQL for the records. Whoever plays `web` keeps nothing then, so that there may be many.
pub(super) fn add_postgres(deployment: &mut Deployment, choice: &Choice) {
    let settings = [
        (
            "store.records",
            Value::from("postgres://pendopo@postgres/pendopo"),
        ),
        secret("store.records_password_file", SecretName::PostgresPassword),
    ];
    for web in deployment
        .services
        .iter_mut()
        .filter(|service| service.name == "web")
    {
        depend(web, "postgres", SecretName::PostgresPassword, &settings);
        web.mounts = vec![memory("/data", 64), memory("/tmp", 16)];
        web.replicas = choice.web;
        web.update = Update::StartFirst;
        web.nodes = "";
    }
    deployment.services.push(postgres());
}

/// What it means for `web` to use a server.
fn depend(web: &mut Service, server: &'static str, name: SecretName, settings: &[Setting]) {
    web.talks_to.push(server);
    web.secrets.push(name);
    if let Configuration::Settings(_, own) = &mut web.configuration {
        own.extend_from_slice(settings);
    }
}

fn postgres() -> Service {
    let password = format!("/run/secrets/{}", SecretName::PostgresPassword.as_str());
    let environment = vec![
        ("POSTGRES_USER", "pendopo".to_owned()),
        ("POSTGRES_DB", "pendopo".to_owned()),
        ("POSTGRES_PASSWORD_FILE", password),
        (
            "POSTGRES_INITDB_ARGS",
            "--auth-host=scram-sha-256 --data-checksums".to_owned(),
        ),
        // A folder of its own: that of the volume may belong to somebody else.
        ("PGDATA", "/var/lib/postgresql/data/pgdata".to_owned()),
    ];
    let health = [
        "pg_isready",
        "--quiet",
        "--host=127.0.0.1",
        "--username=pendopo",
        "--dbname=pendopo",
    ];
    Service {
        name: "postgres",
        image: "${POSTGRES_IMAGE:-postgres:17-bookworm}".to_owned(),
        build: None,
        command: words(&["postgres", "-c", "max_connections=200"]),
        configuration: Configuration::Environment(environment),
        secrets: vec![SecretName::PostgresPassword],
        mounts: vec![
            Mount::Volume {
                name: "postgres-data",
                target: "/var/lib/postgresql/data",
            },
            memory("/var/run/postgresql", 4),
            memory("/tmp", 64),
        ],
        networks: vec![Network::Backend],
        listens: vec![5432],
        talks_to: Vec::new(),
        ports: Vec::new(),
        limits: Limits {
            milli_cpus: 1000,
            mebibytes: 512,
            processes: 256,
            reserved_milli_cpus: 100,
            reserved_mebibytes: 256,
        },
        health: words(&health),
        start_seconds: 60,
        stop_seconds: 60,
        replicas: 1,
        update: Update::StopFirst,
        nodes: "STORE_NODES",
        user: SERVER,
    }
}
