//! Who can reach whom, tried from inside the network of each container.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::image::SHELL;
use super::project::{Project, network_name};
use crate::program::output;
use crate::tools;

/// A store's place in the backend, and its port.
const STORE: &str = "pendopo-deploy-test-store";
const STORE_PORT: &str = "5432";

pub(super) fn check(project: &Project<'_>) -> Result<()> {
    let network = network_name("backend");
    let started = project.engine.docker(&[
        "run",
        "--detach",
        "--rm",
        "--name",
        STORE,
        "--network",
        &network,
        SHELL,
        "/bin/busybox",
        "httpd",
        "-f",
        "-p",
        STORE_PORT,
    ]);
    let outcome = started.and_then(|id| reach(project, &id));
    // The failure that counts is the first one.
    let _ = project.engine.docker(&["rm", "--force", STORE]);
    outcome
}

fn reach(project: &Project<'_>, store: &str) -> Result<()> {
    let (edge, web) = (project.container("edge")?, project.container("web")?);
    let store_address = project.address(store, "backend")?;
    let web_in_front = project.address(&web, "frontend")?;
    let web_behind = project.address(&web, "backend")?;
    let edge_address = project.address(&edge, "frontend")?;
    for (from, who, to, port, can) in [
        (&edge, "edge to web", &web_in_front, "8000", true),
        (
            &edge,
            "edge to web by the backend",
            &web_behind,
            "8000",
            false,
        ),
        (
            &edge,
            "edge to the store",
            &store_address,
            STORE_PORT,
            false,
        ),
        (
            &edge,
            "edge to web's private listener",
            &web_in_front,
            "9090",
            false,
        ),
        (&web, "web to the store", &store_address, STORE_PORT, true),
        (&web, "web to edge", &edge_address, "80", true),
        (
            &store.to_owned(),
            "the store to edge",
            &edge_address,
            "80",
            false,
        ),
    ] {
        let could = reaches(project, from, to, port)?;
        ensure!(could == can, "{who}: can {could}, and shall {can}");
    }
    Ok(())
}

/// Whether a connection can be made from inside a container's network, by whatever way leads there.
fn reaches(project: &Project<'_>, from: &str, to: &str, port: &str) -> Result<bool> {
    let enter = tools::program("nsenter").context("nsenter is not there")?;
    let pid = project.pid(from)?.to_string();
    let connect = format!("exec 3<>/dev/tcp/{to}/{port}");
    let mut command = Command::new(enter);
    command
        .args(["--net", "--target", &pid])
        .args(["timeout", "2", "bash", "-c", &connect]);
    Ok(output(&mut command).is_ok())
}
