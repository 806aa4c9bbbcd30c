//! The database servers of a deployment, each in a container of its own, and what changes for `web`.

use toml::Value;

use super::choice::Choice;
use super::model::{
    Configuration, Deployment, Limits, Mount, Network, Service, Setting, Update, User, memory,
    secret, words,
};
use crate::secrets::{CONTAINERS, SecretName};

/// The user of the servers' own images; by the containers' group it reads its secret.
const SERVER: User = User {
    user: 999,
    group: CONTAINERS,
};

/// Where backups are that outlive those who make them.
const BACKUPS: &str = "/backups";
/// What a program may use that does little.
const SMALL: Limits = Limits {
    milli_cpus: 500,
    mebibytes: 64,
    processes: 64,
    reserved_milli_cpus: 50,
    reserved_mebibytes: 16,
};

/// PostgreSQL for the records. Whoever plays `web` keeps nothing but backups then, so that there may be many.
pub(super) fn add_postgres(deployment: &mut Deployment, choice: &Choice) {
    let settings = [
        (
            "store.records",
            Value::from("postgres://pendopo@postgres/pendopo"),
        ),
        secret("store.records_password_file", SecretName::PostgresPassword),
        ("backup.to", Value::from(BACKUPS)),
    ];
    let web = web(deployment);
    let secrets = [SecretName::PostgresPassword];
    depend(web, "postgres", &secrets, &settings);
    // Those of one machine share the backups, of which one of them makes each.
    web.mounts = vec![
        memory("/data", 64),
        volume("backups", BACKUPS),
        memory("/tmp", 16),
    ];
    web.replicas = choice.web;
    web.update = Update::StartFirst;
    web.nodes = "";
    deployment.services.push(postgres());
}

/// `PgBouncer` between `web` and PostgreSQL, which then has fewer connections.
pub(super) fn add_pgbouncer(deployment: &mut Deployment) {
    let address = Value::from("postgres://pendopo@pgbouncer:6432/pendopo");
    let web = web(deployment);
    if let Configuration::Settings(_, own) = &mut web.configuration {
        own.iter_mut()
            .filter(|(key, _)| *key == "store.records")
            .for_each(|(_, value)| *value = address.clone());
    }
    web.talks_to.retain(|name| *name != "postgres");
    web.talks_to.push("pgbouncer");
    deployment.services.push(pgbouncer());
}

/// Somebody who follows the access log, and can change nothing of it.
pub(super) fn add_log_reader(deployment: &mut Deployment) {
    let edge = deployment.services.iter_mut();
    for edge in edge.filter(|service| service.name == "edge") {
        edge.mounts.push(volume("edge-logs", "/data/logs"));
    }
    deployment.services.push(log_reader());
}

/// Redis for what is read often and changes often. Limits stay the edge's own: it can't reach the stores.
pub(super) fn add_redis(deployment: &mut Deployment) {
    let address = Value::from("rediss://redis?ca_file=/run/secrets/redis-ca");
    let password = |key| secret(key, SecretName::RedisPassword);
    let settings = [
        ("store.messages", address.clone()),
        password("store.messages_password_file"),
        ("store.sessions", address.clone()),
        password("store.sessions_password_file"),
        ("store.cache", address),
        password("store.cache_password_file"),
    ];
    let secrets = [SecretName::RedisPassword, SecretName::RedisCa];
    depend(web(deployment), "redis", &secrets, &settings);
    deployment.services.push(redis());
}

/// MongoDB for what is written once, and never changed.
pub(super) fn add_mongo(deployment: &mut Deployment, choice: &Choice) {
    let address = Value::from(
        "mongodb://pendopo@mongo/pendopo?authSource=admin&directConnection=true&tls=true\
         &tlsCAFile=/run/secrets/mongo-ca&tlsCertificateKeyFile=/run/secrets/mongo-client",
    );
    let password = |key| secret(key, SecretName::MongoPassword);
    let mut settings = vec![
        ("store.audit", address.clone()),
        password("store.audit_password_file"),
    ];
    if !choice.redis {
        settings.push(("store.messages", address));
        settings.push(password("store.messages_password_file"));
    }
    let secrets = [
        SecretName::MongoPassword,
        SecretName::MongoCa,
        SecretName::MongoClient,
    ];
    depend(web(deployment), "mongo", &secrets, &settings);
    deployment.services.push(mongo());
}

fn web(deployment: &mut Deployment) -> &mut Service {
    let mut services = deployment.services.iter_mut();
    let web = services.find(|service| service.name == "web");
    web.expect("somebody plays `web`")
}

/// What it means for `web` to use a server.
fn depend(web: &mut Service, server: &'static str, secrets: &[SecretName], settings: &[Setting]) {
    web.talks_to.push(server);
    web.secrets.extend_from_slice(secrets);
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

fn pgbouncer() -> Service {
    let health = [
        "pg_isready",
        "--quiet",
        "--host=127.0.0.1",
        "--port=6432",
        "--username=pendopo",
        "--dbname=pendopo",
    ];
    let common = server(&[memory("/etc/pgbouncer", 1)]);
    Service {
        name: "pgbouncer",
        image: "${PGBOUNCER_IMAGE:-edoburu/pgbouncer:v1.23.1-p3}".to_owned(),
        command: words(&["pgbouncer", "/run/secrets/pgbouncer-ini"]),
        secrets: vec![SecretName::PgbouncerIni, SecretName::PgbouncerUsers],
        listens: vec![6432],
        talks_to: vec!["postgres"],
        health: words(&health),
        limits: SMALL,
        // It keeps nothing, so it may be anywhere, and two at a time.
        update: Update::StartFirst,
        nodes: "",
        ..common
    }
}

/// It has the numbers of the edge, whose files are closed to others.
fn log_reader() -> Service {
    let logs = Mount::Readable {
        name: "edge-logs",
        target: "/logs",
    };
    Service {
        name: "log-reader",
        image: "${LOG_READER_IMAGE:-busybox:1.37.0}".to_owned(),
        command: words(&["tail", "-n", "+1", "-F", "/logs/access.log"]),
        mounts: vec![logs],
        health: words(&["test", "-r", "/logs/access.log"]),
        limits: SMALL,
        // Where the volume is.
        nodes: "EDGE_NODES",
        user: User {
            user: CONTAINERS,
            group: CONTAINERS,
        },
        ..server(&[])
    }
}

/// Every change is on the disk before it is answered; the password is known by its digest alone.
fn redis() -> Service {
    let command = [
        "redis-server",
        "--port",
        "0",
        "--tls-port",
        "6379",
        "--tls-ca-cert-file",
        "/run/secrets/redis-ca",
        "--tls-cert-file",
        "/run/secrets/redis-certificate",
        "--tls-key-file",
        "/run/secrets/redis-key",
        // A client is known by its password.
        "--tls-auth-clients",
        "no",
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
        secrets: vec![
            SecretName::RedisAcl,
            SecretName::RedisCa,
            SecretName::RedisCertificate,
            SecretName::RedisKey,
        ],
        listens: vec![6379],
        // Also without a password it answers, if only that it wants one.
        health: words(&[
            "redis-cli",
            "--tls",
            "--cacert",
            "/run/secrets/redis-ca",
            "ping",
        ]),
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
    let command = [
        "mongod",
        "--bind_ip_all",
        "--wiredTigerCacheSizeGB",
        "0.25",
        "--tlsMode",
        "requireTLS",
        "--tlsCertificateKeyFile",
        "/run/secrets/mongo-server",
        "--tlsCAFile",
        "/run/secrets/mongo-ca",
    ];
    let ping = [
        "mongosh",
        "--quiet",
        "--tls",
        "--tlsCAFile",
        "/run/secrets/mongo-ca",
        "--tlsCertificateKeyFile",
        "/run/secrets/mongo-server",
        "--eval",
        "db.adminCommand('ping').ok",
    ];
    let places = [
        volume("mongo-data", "/data/db"),
        volume("mongo-config", "/data/configdb"),
    ];
    Service {
        name: "mongo",
        image: "${MONGO_IMAGE:-mongo:7.0-jammy}".to_owned(),
        command: words(&command),
        configuration: Configuration::Environment(environment),
        secrets: vec![
            SecretName::MongoPassword,
            SecretName::MongoCa,
            SecretName::MongoServer,
        ],
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
