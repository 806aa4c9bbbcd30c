//! PostgreSQL: one server with a database for each contender.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use super::runner::{Place, as_user};
use crate::bench::contender::{Contender, Started, accepts, free_address};
use crate::bench::load::Part;
use crate::bench::process::{Process, memory_bytes};
use crate::bench::wrk::{Request, Requests};
use crate::bench::{Bench, pendopo, seed};
use crate::program::{output, say};
use crate::tools;

const USER: &str = "postgres";
/// How many people stand in each database.
pub(super) const PEOPLE: u32 = 10_000;

/// A running server with its defaults, but for room for connections.
pub(crate) struct Cluster {
    // In this order: the process ends before its files go.
    _process: Process,
    _place: Place,
    programs: PathBuf,
    address: SocketAddr,
}

/// Both contenders on it.
pub(super) fn contenders(bench: &Bench, cluster: &Cluster) -> Result<[Contender; 2]> {
    Ok([seed_stack(bench, cluster)?, ours(bench, cluster)?])
}

impl Cluster {
    pub(crate) fn start() -> Result<Self> {
        tools::debian(&[("psql", "postgresql")])?;
        say("── starting PostgreSQL");
        let programs = newest_programs()?;
        let place = Place::of(USER)?;
        let data = place.path().join("data");
        let mut init = as_user(USER, &programs.join("initdb"));
        init.args([
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-U",
            USER,
            "-D",
        ]);
        output(init.arg(&data).current_dir(place.path()))?;
        let address = free_address()?;
        let mut server = as_user(USER, &programs.join("postgres"));
        server.arg("-D").arg(&data).arg("-k").arg(place.path());
        server.args(["-h", "127.0.0.1", "-p", &address.port().to_string()]);
        server.args(["-c", "max_connections=200"]);
        let mut process = Process::start(&mut server, &place.path().join("log"))?;
        let ready = programs.join("pg_isready");
        process.wait_until(|_| {
            let mut asked = Command::new(&ready);
            asked.args(["-q", "-h", "127.0.0.1", "-p", &address.port().to_string()]);
            accepts(address) && asked.status().is_ok_and(|status| status.success())
        })?;
        Ok(Self {
            _process: process,
            _place: place,
            programs,
            address,
        })
    }

    /// A client of PostgreSQL's own, which is told where the server is.
    pub(crate) fn client(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        let port = self.address.port().to_string();
        command.args(["-h", "127.0.0.1", "-p", &port, "-U", USER]);
        command
    }

    fn sql(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = self.client("psql");
        psql.args([
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            database,
        ]);
        output(psql.args(["-c", sql]))
    }

    /// A Pendopo with so many people and messages in a database of this name.
    pub(crate) fn school(
        &self,
        bench: &Bench,
        name: &str,
        people: u64,
        messages: u64,
    ) -> Result<Started> {
        self.create(name)?;
        let settings = [self.records(name)];
        let folder = bench.folder(&format!("postgres-{name}"))?;
        let started = pendopo::launch(bench, &folder, &settings)?;
        self.sql(name, &pendopo::rows(people, messages))?;
        self.sql(name, "VACUUM ANALYZE")?;
        Ok(started)
    }

    /// An empty database.
    pub(crate) fn create(&self, name: &str) -> Result<()> {
        self.sql(USER, &format!("CREATE DATABASE {name}")).map(drop)
    }

    /// The setting that puts the records into this database.
    pub(crate) fn records(&self, name: &str) -> String {
        let url = self.url("postgres", name);
        format!("store.records={url}?sslmode=disable")
    }

    /// What a database takes on the disk, in bytes.
    pub(crate) fn size(&self, database: &str) -> Result<u64> {
        let text = self.sql(database, "SELECT pg_database_size(current_database())")?;
        Ok(text.trim().parse()?)
    }

    fn url(&self, scheme: &str, database: &str) -> String {
        format!("{scheme}://{USER}@{}/{database}", self.address)
    }
}

fn newest_programs() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").context("looking for PostgreSQL")?;
    let mut versions: Vec<PathBuf> = versions.flatten().map(|version| version.path()).collect();
    versions.sort();
    let newest = versions.pop().context("no version of PostgreSQL is here")?;
    Ok(newest.join("bin"))
}

fn seed_stack(bench: &Bench, cluster: &Cluster) -> Result<Contender> {
    cluster.create("seed")?;
    let data = seed::Data {
        database: cluster.url("postgresql+psycopg2", "seed"),
        redis: None,
    };
    let started = seed::start_on(bench, bench.folder("seed-postgres")?, &data)?;
    let body = json!({"first_name": "Siti", "last_name": "Rahma"});
    let requests = vec![
        (
            Part::PostgresGet,
            Request::get(started.secure_url("/user/1")?),
        ),
        (
            Part::PostgresList,
            Request::get(started.secure_url("/users?limit=20")?),
        ),
        (
            Part::PostgresCreate,
            Request::get(started.secure_url("/user")?).posting(&body),
        ),
    ];
    Ok(contender(seed::KIND.name, started, requests))
}

fn ours(bench: &Bench, cluster: &Cluster) -> Result<Contender> {
    let started = cluster.school(bench, "pendopo", PEOPLE.into(), 50)?;
    let token = pendopo::token(&started)?;
    let ask = |path: &str| {
        Ok::<_, anyhow::Error>(Request::get(started.secure_url(path)?).with_token(&token))
    };
    let person = json!({"first_name": "Siti", "last_name": "Rahma"});
    let requests = vec![
        (Part::PostgresGet, ask("/user/2")?),
        (Part::PostgresList, ask("/users?limit=20")?),
        (Part::PostgresCreate, ask("/user")?.posting(&person)),
    ];
    Ok(contender(pendopo::KIND.name, started, requests))
}

/// One whose starts don't count here.
pub(crate) fn contender(name: &'static str, started: Started, requests: Requests) -> Contender {
    Contender {
        name,
        versions: String::new(),
        requests,
        first_start: started.ready_after,
        next_start: started.ready_after,
        idle_memory: memory_bytes(&started.ids()),
        started,
    }
}
