//! The seed stack: nginx with TLS, gunicorn with 4 workers, Flask, `SQLAlchemy`; SQLite, or PostgreSQL and Redis.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::json;

use super::Bench;
use super::contender::{Kind, Started, accepts, answers, free_address};
use super::load::Part;
use super::process::Process;
use super::wrk::{Request, Requests};
use crate::program::output;
use crate::tools::program;

pub(crate) const KIND: Kind = Kind {
    name: "seed",
    start,
    requests,
    versions,
};

/// Where the app keeps what it is given.
pub(crate) struct Data {
    /// As `SQLAlchemy` writes it.
    pub(crate) database: String,
    /// Where messages are, if not there.
    pub(crate) redis: Option<String>,
}

fn start(bench: &Bench) -> Result<Started> {
    let folder = bench.folder(KIND.name)?;
    let data = Data {
        database: format!("sqlite:///{}", folder.join("data.sqlite").display()),
        redis: None,
    };
    start_on(bench, folder, &data)
}

/// Starts with these stores, which are filled before the first start in this folder.
pub(crate) fn start_on(bench: &Bench, folder: PathBuf, data: &Data) -> Result<Started> {
    fill(bench, &folder, data)?;
    let (secure, inner) = (free_address()?, free_address()?);
    let mut gunicorn = Process::start(
        &mut gunicorn(bench, data, inner),
        &folder.join("gunicorn.log"),
    )?;
    let mut nginx = Process::start(
        &mut nginx(bench, &folder, secure, inner)?,
        &folder.join("nginx.log"),
    )?;
    let app = gunicorn.wait_until(|_| answers(inner, "/health"))?;
    let ready_after = app + nginx.wait_until(|_| accepts(secure))?;
    Ok(Started {
        processes: vec![gunicorn, nginx],
        secure: Some(secure),
        plain: Some(inner),
        folder,
        ready_after,
    })
}

/// The tables with their sample rows, once.
fn fill(bench: &Bench, folder: &Path, data: &Data) -> Result<()> {
    let mark = folder.join("filled");
    if !mark.exists() {
        let mut python = Command::new(bench.venv.join("bin/python"));
        output(with_app(bench, data, &mut python).arg("app.py"))?;
        std::fs::write(&mark, "").with_context(|| format!("writing {}", mark.display()))?;
    }
    Ok(())
}

fn with_app<'a>(bench: &Bench, data: &Data, command: &'a mut Command) -> &'a mut Command {
    command
        .current_dir(bench.root.join("bench/seed"))
        .env("SEED_DATABASE", &data.database)
        .envs(data.redis.as_ref().map(|url| ("SEED_REDIS", url)))
        .env("PYTHONDONTWRITEBYTECODE", "1")
}

fn gunicorn(bench: &Bench, data: &Data, address: SocketAddr) -> Command {
    let mut command = Command::new(bench.venv.join("bin/gunicorn"));
    with_app(bench, data, &mut command);
    command.args(["--workers", "4", "--bind", &address.to_string(), "app:app"]);
    command
}

fn nginx(bench: &Bench, folder: &Path, secure: SocketAddr, inner: SocketAddr) -> Result<Command> {
    let template = std::fs::read_to_string(bench.root.join("bench/seed/nginx.conf"))
        .context("reading bench/seed/nginx.conf")?;
    let place = folder.to_str().context("the path of target is no text")?;
    let config = template
        .replace("PLACE/cert", "PLACE/../cert")
        .replace("PLACE/key", "PLACE/../key")
        .replace("PLACE", place);
    let config = config
        .replace("HTTPS ssl", &format!("{} ssl", secure.port()))
        .replace("GUNICORN", &inner.port().to_string());
    std::fs::write(folder.join("nginx.conf"), config)?;
    let mut command = Command::new(program("nginx").context("nginx is missing")?);
    command.arg("-c").arg(folder.join("nginx.conf"));
    Ok(command)
}

fn requests(_: &Bench, started: &Started) -> Result<Requests> {
    let body = json!({"first_name": "Siti", "last_name": "Rahma"});
    Ok(vec![
        (Part::Get, Request::get(started.secure_url("/user/1")?)),
        (Part::Page, Request::get(started.secure_url("/")?)),
        (
            Part::Create,
            Request::get(started.secure_url("/user")?).posting(&body),
        ),
    ])
}

fn versions(bench: &Bench) -> Result<String> {
    let code = "import sqlite3, sys\nfrom importlib.metadata import version as v\n\
        print(f\"Python {sys.version.split()[0]}, Flask {v('flask')}, SQLAlchemy {v('sqlalchemy')}, gunicorn {v('gunicorn')}, SQLite {sqlite3.sqlite_version}\")";
    let python = output(Command::new(bench.venv.join("bin/python")).args(["-c", code]))?;
    let package = output(Command::new("dpkg-query").args(["-W", "-f", "${Version}", "nginx"]))?;
    Ok(format!("nginx {package}, {}", python.trim()))
}
