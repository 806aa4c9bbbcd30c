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
        // A backup in what a container forgets is none.
        ("backup.schedule", Value::from("off")),
    ];
    let web = web(deployment);
    depend(web, "postgres", SecretName::PostgresPassword, &settings);
    web.mounts = vec![memory("/data", 64), memory("/tmp", 16)];
    web.replicas = choice.web;
    web.update = Update::StartFirst;
    web.nodes = "";
    deployment.services.push(postgres());
}

/// Redis for what is read often and changes often. Limits stay the edge's own: it can't reach the stores.
pub(super) fn add_redis(deployment: &mut Deployment) {
    let address = Value::from("redis://redis");
    let password = |key| secret(key, SecretName::RedisPassword);
    let settings = [
        ("store.messages", address.clone()),
        password("store.messages_password_file"),
        ("store.sessions", address.clone()),
        password("store.sessions_password_file"),
        ("store.cache", address),
        password("store.cache_password_file"),
    ];
    depend(
        web(deployment),
        "redis",
        SecretName::RedisPassword,
        &settings,
    );
    deployment.services.push(redis());
}

/// MongoDB for what is written once, and never changed.
pub(super) fn add_mongo(deployment: &mut Deployment, choice: &Choice) {
    let address = Value::from("mongodb://pendopo@mongo/pendopo?authSource=admin");
    let password = |key| secret(key, SecretName::MongoPassword);
    let mut settings = vec![
        ("store.audit", address.clone()),
        password("store.audit_password_file"),
    ];
    if !choice.redis {
        settings.push(("store.messages", address));
        settings.push(password("store.messages_password_file"));
    }
    depend(
        web(deployment),
        "mongo",
        SecretName::MongoPassword,
        &settings,
    );
    deployment.services.push(mongo());
}

fn web(deployment: &mut Deployment) -> &mut Service {
    let mut services = deployment.services.iter_mut();
    let web = services.find(|service| service.name == "web");
    web.expect("somebody plays `web`")
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
    let places = [
        volume("postgres-data", "/var/lib/postgresql/data"),
        memory("/var/run/postgresql", 4),
    ];
    Service {
        name: "postgres",
        image: "${POSTGRES_IMAGE:-postgres:17-bookworm}".to_owned(),
        command: words(&["postgres", "-c", "max_connections=200"]),
        configuration: Configuration::Environment(environment),
        secrets: vec![SecretName::PostgresPassword],
        listens: vec![5432],
        health: words(&health),
        ..server(&places)
    }
}

/// Every change is on the disk before it is answered; the password is known by its digest alone.
fn redis() -> Service {
    let command = [
        "redis-server",
        "--dir",
        "/data",
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--maxmemory",
        "384mb",
        "--maxmemory-policy",
        "noeviction",
        "--aclfile",
        "/run/secrets/redis-acl",
    ];
    Service {
        name: "redis",
        image: "${REDIS_IMAGE:-redis:7.2-bookworm}".to_owned(),
        command: words(&command),
        secrets: vec![SecretName::RedisAcl],
        listens: vec![6379],
        // Also without a password it answers, if only that it wants one.
        health: words(&["redis-cli", "ping"]),
        ..server(&[volume("redis-data", "/data")])
    }
}

fn mongo() -> Service {
    let password = format!("/run/secrets/{}", SecretName::MongoPassword.as_str());
    let environment = vec![
        ("MONGO_INITDB_ROOT_USERNAME", "pendopo".to_owned()),
        ("MONGO_INITDB_ROOT_PASSWORD_FILE", password),
        // The shell that asks for its health keeps things at home.
        ("HOME", "/tmp".to_owned()),
    ];
    let ping = ["mongosh", "--quiet", "--eval", "db.adminCommand('ping').ok"];
    let places = [
        volume("mongo-data", "/data/db"),
        volume("mongo-config", "/data/configdb"),
    ];
    Service {
        name: "mongo",
        image: "${MONGO_IMAGE:-mongo:7.0-jammy}".to_owned(),
        command: words(&["mongod", "--bind_ip_all", "--wiredTigerCacheSizeGB", "0.25"]),
        configuration: Configuration::Environment(environment),
        secrets: vec![SecretName::MongoPassword],
        listens: vec![27017],
        health: words(&ping),
        ..server(&places)
    }
}

/// What is the same for every server.
fn server(places: &[Mount]) -> Service {
    Service {
        name: "",
        image: String::new(),
        build: None,
        command: Vec::new(),
        configuration: Configuration::Environment(Vec::new()),
        secrets: Vec::new(),
        mounts: [places, &[memory("/tmp", 64)]].concat(),
        networks: vec![Network::Backend],
        listens: Vec::new(),
        talks_to: Vec::new(),
        ports: Vec::new(),
        limits: Limits {
            milli_cpus: 1000,
            mebibytes: 512,
            processes: 256,
            reserved_milli_cpus: 100,
            reserved_mebibytes: 256,
        },
        health: Vec::new(),
        start_seconds: 60,
        stop_seconds: 60,
        replicas: 1,
        update: Update::StopFirst,
        nodes: "STORE_NODES",
        user: SERVER,
    }
}

fn volume(name: &'static str, target: &'static str) -> Mount {
    Mount::Volume { name, target }
}
