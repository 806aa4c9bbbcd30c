//! PocketBase from `PyPI`, with a collection that anyone may read and write.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Bench;
use super::contender::{Kind, Started, answers, free_address};
use super::load::Part;
use super::process::Process;
use super::wrk::{Request, Requests};
use crate::program::output;

pub(crate) const KIND: Kind = Kind {
    name: "pocketbase",
    start,
    requests,
    versions,
};

/// Rows in the collection before the loads, as many as the others have.
const ROWS: usize = 10_000;
const RECORDS: &str = "/api/collections/people/records";
const ADMIN: (&str, &str) = ("bench@example.org", "only-for-this-bench");

fn binary(bench: &Bench) -> Command {
    Command::new(bench.venv.join("bin/pocketbase"))
}

fn start(bench: &Bench) -> Result<Started> {
    let folder = bench.folder(KIND.name)?;
    let address = free_address()?;
    let mut command = binary(bench);
    command
        .args(["serve", "--http", &address.to_string(), "--dir"])
        .arg(folder.join("data"));
    let mut process = Process::start(&mut command, &folder.join("log"))?;
    let ready_after = process.wait_until(|_| answers(address, "/api/health"))?;
    Ok(Started {
        processes: vec![process],
        secure: None,
        plain: Some(address),
        folder,
        ready_after,
    })
}

fn requests(bench: &Bench, started: &Started) -> Result<Requests> {
    let data = bench.folder(KIND.name)?.join("data");
    output(
        binary(bench)
            .args(["superuser", "upsert", ADMIN.0, ADMIN.1, "--dir"])
            .arg(data),
    )?;
    let id = fill(started)?;
    let url = |rest: &str| started.plain_url(&format!("{RECORDS}{rest}"));
    Ok(vec![
        (Part::PlainGet, Request::get(url(&format!("/{id}"))?)),
        (
            Part::PlainList,
            Request::get(url("?perPage=20&skipTotal=1")?),
        ),
        (Part::PlainListTotal, Request::get(url("?perPage=20")?)),
        (
            Part::PlainCreate,
            Request::get(url("")?).posting(&person(0)),
        ),
    ])
}

/// Makes the collection and its rows; returns the id of one.
fn fill(started: &Started) -> Result<String> {
    let mut client = started.client()?;
    let who = json!({"identity": ADMIN.0, "password": ADMIN.1});
    let session = client.post("/api/collections/_superusers/auth-with-password", &who)?;
    client.authorize(
        session["token"]
            .as_str()
            .context("PocketBase gave no token")?,
    );
    client.post("/api/collections", &collection())?;
    let mut last = Value::Null;
    for at in 0..ROWS {
        last = client.post(RECORDS, &person(at))?;
    }
    Ok(last["id"]
        .as_str()
        .context("PocketBase gave no id")?
        .to_owned())
}

fn collection() -> Value {
    let name = |name: &str| json!({"name": name, "type": "text", "required": true, "max": 100});
    json!({
        "name": "people", "type": "base", "listRule": "", "viewRule": "", "createRule": "",
        "fields": [name("first_name"), name("last_name"), {"name": "created", "type": "autodate", "onCreate": true}],
    })
}

fn person(at: usize) -> Value {
    json!({"first_name": "Siti", "last_name": format!("Rahma {at}")})
}

fn versions(bench: &Bench) -> Result<String> {
    Ok(output(binary(bench).arg("--version"))?
        .trim()
        .replace("pocketbase version", "PocketBase"))
}
