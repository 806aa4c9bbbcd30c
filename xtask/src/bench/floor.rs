//! The floor: the least work that this machine allows for an HTTPS answer.

use std::process::Command;

use anyhow::{Context, Result};

use super::Bench;
use super::contender::{Kind, Started, accepts, free_address};
use super::load::Part;
use super::process::Process;
use super::wrk::{Request, Requests};

pub(crate) const KIND: Kind = Kind {
    name: "floor",
    start,
    requests,
    versions,
};

fn start(bench: &Bench) -> Result<Started> {
    let address = free_address()?;
    let folder = bench.folder(KIND.name)?;
    let mut command = Command::new(&bench.rig);
    command
        .arg("floor")
        .arg(address.to_string())
        .arg(&bench.place);
    let mut process = Process::start(&mut command, &folder.join("log"))?;
    let ready_after = process.wait_until(|_| accepts(address))?;
    Ok(Started {
        processes: vec![process],
        secure: Some(address),
        plain: None,
        folder,
        ready_after,
    })
}

fn requests(_: &Bench, started: &Started) -> Result<Requests> {
    let get = Request::get(started.secure_url("/")?);
    Ok(vec![(Part::Get, get.clone()), (Part::Paced, get.paced())])
}

fn versions(bench: &Bench) -> Result<String> {
    let lock =
        std::fs::read_to_string(bench.root.join("Cargo.lock")).context("reading Cargo.lock")?;
    let version = |name: &str| {
        let package = lock
            .split("[[package]]")
            .find(|text| text.contains(&format!("name = \"{name}\"")));
        package
            .and_then(|text| text.split("version = \"").nth(1)?.split('"').next())
            .unwrap_or("of no version")
            .to_owned()
    };
    Ok(format!(
        "hyper {} and rustls {} answering a fixed JSON",
        version("hyper"),
        version("rustls")
    ))
}
