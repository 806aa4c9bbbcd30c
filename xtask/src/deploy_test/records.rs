//! What is done with the records in PostgreSQL: rows for a try, a dump, a backup, and both put back.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::compose;
use super::project::Project;

/// As the page of that description says.
const SAMPLES: [[&str; 2]; 3] = [["John", "Doe"], ["Jane", "Smith"], ["Bob", "Johnson"]];

pub(super) fn check(project: &Project<'_>) -> Result<()> {
    samples(project)?;
    pooled(project)?;
    dump(project)?;
    backup(project)
}

/// Rows for a try, and how many there are.
fn samples(project: &Project<'_>) -> Result<()> {
    let before = count(project)?;
    for [first, last] in SAMPLES {
        project.compose_good(&["exec", "-T", "web", "/pendopo", "user", "add", first, last])?;
    }
    let after = count(project)?;
    ensure!(
        after == before + 3,
        "of three people {} came",
        after - before
    );
    Ok(())
}

/// Nobody but `PgBouncer`, and who asks from inside of the server, has a connection to it.
fn pooled(project: &Project<'_>) -> Result<()> {
    let pooler = project.container("pgbouncer")?;
    let pooler = project.address(&pooler, "backend")?;
    let asked = "SELECT DISTINCT client_addr FROM pg_stat_activity WHERE client_addr IS NOT NULL";
    let told = ask(project, asked)?;
    ensure!(
        told == pooler,
        "PgBouncer is {pooler}, and connected are: {told}"
    );
    Ok(())
}

/// `pg_dump` into a file, everybody is removed, `psql` out of the file.
fn dump(project: &Project<'_>) -> Result<()> {
    let before = count(project)?;
    let dumped = project.compose_good(&[
        "exec",
        "-T",
        "postgres",
        "pg_dump",
        "--clean",
        "--if-exists",
        "-U",
        "pendopo",
        "pendopo",
    ])?;
    let user = compose::add_user(project)?;
    ensure!(count(project)? == before + 1, "{user} is not there");
    project.compose_good(&["stop", "web"])?;
    restore(project, &dumped)?;
    project.up(&[], &[])?;
    let after = count(project)?;
    ensure!(
        after == before,
        "after the dump was put back, {after} people are there, not {before}"
    );
    Ok(())
}

fn restore(project: &Project<'_>, dumped: &str) -> Result<()> {
    let psql = [
        "exec",
        "-T",
        "postgres",
        "psql",
        "--quiet",
        "-v",
        "ON_ERROR_STOP=1",
        "-U",
        "pendopo",
        "pendopo",
    ];
    let mut command: Command = project.compose()?;
    let mut child = command
        .args(psql)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    let mut input = child.stdin.take().context("a pipe")?;
    std::io::Write::write_all(&mut input, dumped.as_bytes())?;
    drop(input);
    let status = child.wait()?;
    if !status.success() {
        bail!("psql did not take the dump: {status}");
    }
    Ok(())
}

/// A backup outlives the container that made it, and is put in force by another one.
fn backup(project: &Project<'_>) -> Result<()> {
    let before = count(project)?;
    let made = project.compose_good(&["exec", "-T", "web", "/pendopo", "backup", "create"])?;
    let name = made
        .split_whitespace()
        .next()
        .context("a backup has a name")?;
    compose::add_user(project)?;
    project.compose_good(&["rm", "--stop", "--force", "web"])?;
    project.compose_good(&["run", "--rm", "-T", "web", "backup", "restore", name])?;
    project.up(&[], &[])?;
    let after = count(project)?;
    ensure!(
        after == before,
        "after the restore {after} people are there, not {before}"
    );
    Ok(())
}

fn count(project: &Project<'_>) -> Result<usize> {
    let mut client = project.client()?;
    client.authorize(&format!("Bearer {}", compose::token(project)?));
    let answer = client.get("/users?limit=1")?;
    let page: serde_json::Value = serde_json::from_slice(&answer.body)?;
    let total = page["total"]
        .as_u64()
        .context("a page of people has a total")?;
    Ok(usize::try_from(total)?)
}

fn ask(project: &Project<'_>, sql: &str) -> Result<String> {
    let psql = [
        "exec", "-T", "postgres", "psql", "-U", "pendopo", "-At", "-c", sql, "pendopo",
    ];
    project.compose_good(&psql)
}
