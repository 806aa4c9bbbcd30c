//! Pendopo in release: gate, limits, headers, audit and access log on, as an operator runs it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use super::Bench;
use super::cgroup::Group;
use super::contender::{Kind, Started, answers, free_address};
use super::load::Part;
use super::process::Process;
use super::wrk::{Request, Requests};
use crate::program::output;
use crate::tools::program;

pub(crate) const KIND: Kind = Kind {
    name: "pendopo",
    start: start::<10_000, 50>,
    requests,
    versions,
};

/// What differs from the defaults: one client address sends everything, so its limits are wide, yet on.
const SETTINGS: &[&str] = &[
    "edge.limit.rate=1000000r/s",
    "edge.limit.burst=100000",
    "edge.limit.nodelay=true",
    "edge.connections.most=20000",
    "edge.connections.per_address=20000",
    "edge.timeout.idle=10m",
    "web.limit.messages.rate=1000000r/s",
    "web.limit.messages.burst=100000",
];

/// Starts with a data directory that holds so many people and messages; it is filled before the second start.
pub(crate) fn start<const PEOPLE: u64, const MESSAGES: u64>(bench: &Bench) -> Result<Started> {
    let folder = bench.folder(&format!("pendopo-{PEOPLE}"))?;
    let first = !folder.join("data").exists();
    let started = launch(bench, &folder, &[])?;
    if first {
        let ready_after = started.ready_after;
        drop(started);
        fill(&folder, &rows(PEOPLE, MESSAGES))?;
        return Ok(Started {
            ready_after,
            ..launch(bench, &folder, &[])?
        });
    }
    Ok(started)
}

/// Starts with these settings besides.
pub(crate) fn launch(bench: &Bench, folder: &Path, settings: &[String]) -> Result<Started> {
    launch_in(None, bench, folder, settings)
}

/// The same in a control group.
pub(crate) fn launch_in(
    group: Option<&Group>,
    bench: &Bench,
    folder: &Path,
    settings: &[String],
) -> Result<Started> {
    let (plain, secure, admin) = (free_address()?, free_address()?, free_address()?);
    let mut command = Command::new(binary(bench));
    command
        .current_dir(folder)
        .args(["serve", "--data", "data"]);
    for setting in SETTINGS
        .iter()
        .copied()
        .map(str::to_owned)
        .chain(listeners(plain, secure, admin))
        .chain(settings.iter().cloned())
    {
        command.args(["--set", &setting]);
    }
    if let Some(group) = group {
        command = group.around(&command);
    }
    let mut process = Process::start(&mut command, &folder.join("log"))?;
    let ready_after = process.wait_until(|_| answers(admin, "/readyz"))?;
    Ok(Started {
        processes: vec![process],
        secure: Some(secure),
        plain: Some(plain),
        folder: folder.to_owned(),
        ready_after,
    })
}

fn listeners(plain: SocketAddr, secure: SocketAddr, admin: SocketAddr) -> [String; 3] {
    [
        format!("edge.http={plain}"),
        format!("edge.https={secure}"),
        format!("admin.listen={admin}"),
    ]
}

/// The release binary.
pub(crate) fn binary(bench: &Bench) -> std::path::PathBuf {
    bench.root.join("target/release/pendopo")
}

/// People and messages as SQL that both engines understand, since millions through the API would take hours.
pub(crate) fn rows(people: u64, messages: u64) -> String {
    format!(
        "BEGIN;
        WITH RECURSIVE place (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM place WHERE at < {people})
        INSERT INTO person (first_name, last_name, search_key, role, is_disabled, must_change_password, created_at, updated_at, version)
        SELECT 'Siti', 'Rahma ' || at, 'siti rahma ' || at, 'member', 0, 0, 1790000000000000 + at, 1790000000000000 + at, 1 FROM place;
        UPDATE counter SET value = (SELECT count(*) FROM person) WHERE name = 'person';
        WITH RECURSIVE place (at) AS (SELECT 1 UNION ALL SELECT at + 1 FROM place WHERE at < {messages})
        INSERT INTO message (message, name, created_at)
        SELECT 'Selamat pagi, kelas ' || at || '!', 'Budi', 1790000000000000 + at FROM place;
        COMMIT;"
    )
}

/// Runs SQL on a folder's database, whose server is stopped.
pub(crate) fn fill(folder: &Path, sql: &str) -> Result<()> {
    let mut sqlite = Command::new(program("sqlite3").context("sqlite3 is missing")?);
    output(
        sqlite
            .args(["-bail"])
            .arg(folder.join("data/pendopo.db"))
            .arg(sql),
    )
    .map(drop)
}

/// The API token that the first start made.
pub(crate) fn token(started: &Started) -> Result<String> {
    let path = started.folder.join("data/admin-token");
    let token =
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    Ok(token.trim().to_owned())
}

fn requests(_: &Bench, started: &Started) -> Result<Requests> {
    let token = token(started)?;
    let secure = |path: &str| {
        Ok::<_, anyhow::Error>(Request::get(started.secure_url(path)?).with_token(&token))
    };
    let plain = |path: &str| {
        Ok::<_, anyhow::Error>(Request::get(started.plain_url(path)?).with_token(&token))
    };
    let person = json!({"first_name": "Siti", "last_name": "Rahma"});
    Ok(vec![
        (Part::Get, secure("/user/2")?),
        (Part::Paced, secure("/user/2")?.paced()),
        (Part::Page, Request::get(started.secure_url("/")?)),
        (Part::Create, secure("/user")?.posting(&person)),
        (Part::PlainGet, plain("/user/2")?),
        (Part::PlainList, plain("/users?limit=20")?),
        (Part::PlainListTotal, plain("/users?limit=20")?),
        (Part::PlainCreate, plain("/user")?.posting(&person)),
    ])
}

pub(crate) fn versions(bench: &Bench) -> Result<String> {
    let version = version(bench)?;
    Ok(format!(
        "{version}; every write is committed with `synchronous=FULL` and audited"
    ))
}

pub(crate) fn version(bench: &Bench) -> Result<String> {
    let version = output(Command::new(binary(bench)).arg("--version"))?;
    Ok(format!("{} in release", version.trim()))
}
