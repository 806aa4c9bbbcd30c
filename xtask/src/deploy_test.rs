//! `cargo xtask deploy-test`: the files of `deploy/` on a real Docker Engine, which it starts if none runs.

mod alone;
mod balance;
mod compose;
mod dev;
mod domain;
pub(crate) mod engine;
mod hardening;
pub(crate) mod image;
mod moving;
mod outside;
mod project;
mod readers;
mod records;
mod segments;
mod stand_in;
mod stores;
mod swarm;
mod wedged;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use crate::program::say;
use crate::{test, tools};
use engine::Engine;
use project::Project;

/// What runs containers, and what stands in for images that can't be pulled.
const PROGRAMS: &[(&str, &str)] = &[
    ("dockerd", "docker.io"),
    ("docker-compose", "docker-compose"),
    ("iptables", "iptables"),
    ("ip", "iproute2"),
    ("busybox", "busybox-static"),
    ("nsenter", "util-linux"),
    ("pebble", "pebble"),
    ("pg_ctlcluster", "postgresql"),
    ("pgbouncer", "pgbouncer"),
    ("redis-server", "redis-server"),
    ("python3", "python3"),
];

#[derive(Default, Args)]
pub(crate) struct Options {
    /// Only these parts, such as `compose,swarm`
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// One container with every role
    Alone,
    /// `edge` and `web` on SQLite
    Compose,
    /// With PostgreSQL behind `PgBouncer`, with Redis, and several `web`
    Scale,
    /// With the audit trail and messages in MongoDB
    Mongo,
    /// A domain with certificates from an authority, and backups by the clock
    Domain,
    /// The stack with PostgreSQL, Redis and MongoDB
    Swarm,
    /// From Compose to Swarm, on SQLite
    Moving,
    /// Built again at each change of the source
    Dev,
}

type Check = (&'static str, fn(&Project<'_>) -> Result<()>);

/// In this order: each takes the project as the one before left it, one `edge` and one `web`.
const ON_SQLITE: &[Check] = &[
    (
        "the project starts with one command and keeps its data",
        compose::check,
    ),
    ("containers and processes are closed in", hardening::check),
    ("networks hold what is apart apart", segments::check),
    ("a wedged process ends and comes back", wedged::check),
    ("another container follows the access log", readers::check),
];
const WITH_READER: [&str; 2] = ["compose.yaml", "compose.log-reader.yaml"];
const SERVERS: [&str; 4] = [
    "compose.yaml",
    "compose.postgres.yaml",
    "compose.pgbouncer.yaml",
    "compose.redis.yaml",
];
const WITH_MONGO: [&str; 2] = ["compose.yaml", "compose.mongo.yaml"];
const ON_MONGO: &[Check] = &[
    ("MongoDB keeps the data", compose::check),
    (
        "without MongoDB, messages are missed alone",
        stores::mongo_is_missed,
    ),
];
const ON_SERVERS: &[Check] = &[
    ("PostgreSQL and Redis keep the data", compose::check),
    (
        "without Redis, messages are missed alone",
        stores::redis_is_missed,
    ),
    ("only `web` reaches the stores", segments::check_stores),
    ("requests are spread over replicas", balance::check),
    ("records are dumped, backed up and put back", records::check),
];

/// Builds the images, runs them in every way, tries everything, and leaves nothing behind.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    tools::debian(PROGRAMS)?;
    test::python(root)?;
    let engine = Engine::find_or_start()?;
    image::build(root, &engine)?;
    stand_in::postgres(root, &engine)?;
    stand_in::redis(root, &engine)?;
    let is_wanted = |part| options.only.is_empty() || options.only.contains(&part);
    if is_wanted(Part::Alone) {
        alone::check(root, &engine)?;
    }
    if is_wanted(Part::Compose) {
        stand_in::log_reader(&engine)?;
        on_compose(root, &engine, &WITH_READER, ON_SQLITE)?;
    }
    if is_wanted(Part::Scale) {
        stand_in::pgbouncer(root, &engine)?;
        on_compose(root, &engine, &SERVERS, ON_SERVERS)?;
    }
    if is_wanted(Part::Mongo) || is_wanted(Part::Swarm) {
        stand_in::mongo(root, &engine)?;
    }
    if is_wanted(Part::Mongo) {
        on_compose(root, &engine, &WITH_MONGO, ON_MONGO)?;
    }
    if is_wanted(Part::Domain) {
        domain::check(root, &engine)?;
    }
    if is_wanted(Part::Swarm) {
        swarm::check(root, &engine)?;
    }
    if is_wanted(Part::Moving) {
        moving::check(root, &engine)?;
    }
    if is_wanted(Part::Dev) {
        dev::check(root, &engine)?;
    }
    Ok(())
}

fn on_compose(root: &Path, engine: &Engine, manifests: &[&str], checks: &[Check]) -> Result<()> {
    say(&format!("── {}", manifests.join(", ")));
    let project = Project::start(root, engine, manifests)?;
    for (name, check) in checks {
        must_be_true(name, || project.logs(), || check(&project))?;
    }
    Ok(())
}

/// One check of what runs: says how long it took, or what the containers said when it failed.
fn must_be_true(
    name: &str,
    logs: impl FnOnce() -> String,
    check: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let begun = Instant::now();
    if let Err(error) = check() {
        say(&logs());
        return Err(error.context(format!("not true: {name}")));
    }
    say_took(name, begun);
    Ok(())
}

/// How long something took, for whoever reads along.
fn say_took(what: &str, begun: Instant) {
    say(&format!(
        "   {what}: {:.1} s",
        begun.elapsed().as_secs_f64()
    ));
}

/// Tries until it is so, and says what was waited for.
fn wait_for(
    what: &str,
    within: Duration,
    mut is_so: impl FnMut() -> Result<bool>,
) -> Result<Duration> {
    let begun = Instant::now();
    while !is_so()? {
        if begun.elapsed() > within {
            bail!("{what}: not within {} s", within.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(begun.elapsed())
}
