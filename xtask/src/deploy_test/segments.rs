//! Who can reach whom, tried from inside the network of each container.

use std::net::TcpListener;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::image::SHELL;
use super::outside::{self, Outside};
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
    let outcome = started.and_then(|id| reach(project, &[("the store", &id, STORE_PORT)]));
    // The failure that counts is the first one.
    let _ = project.engine.docker(&["rm", "--force", STORE]);
    outcome
}

/// The same with the stores of the project.
pub(super) fn check_stores(project: &Project<'_>) -> Result<()> {
    let (postgres, redis) = (project.container("postgres")?, project.container("redis")?);
    reach(
        project,
        &[("PostgreSQL", &postgres, "5432"), ("Redis", &redis, "6379")],
    )
}

fn reach(project: &Project<'_>, stores: &[(&str, &str, &str)]) -> Result<()> {
    let (edge, web) = (project.container("edge")?, project.container("web")?);
    let web_in_front = project.address(&web, "frontend")?;
    let web_behind = project.address(&web, "backend")?;
    let edge_address = project.address(&edge, "frontend")?;
    let outside = Outside::build()?;
    let world = outside::client(0);
    let listener = outside.run(|| Ok(TcpListener::bind((world, 0))?))?;
    let (world, port) = (world.to_string(), listener.local_addr()?.port().to_string());
    let mut ways = vec![
        ("edge to web", &*edge, &*web_in_front, "8000", true),
        (
            "edge to web by the backend",
            &edge,
            &web_behind,
            "8000",
            false,
        ),
        (
            "edge to web's private listener",
            &edge,
            &web_in_front,
            "9090",
            false,
        ),
        ("web to edge", &web, &edge_address, "80", true),
        ("edge to the world", &edge, &world, &port, true),
    ];
    let mut addresses = Vec::new();
    for (_, store, _) in stores {
        addresses.push(project.address(store, "backend")?);
    }
    for ((_, store, store_port), address) in stores.iter().zip(&addresses) {
        ways.push(("edge to a store", &edge, address, store_port, false));
        ways.push(("web to a store", &web, address, store_port, true));
        ways.push(("a store to edge", store, &edge_address, "80", false));
        ways.push(("a store to the world", store, &world, &port, false));
    }
    for (who, from, to, port, can) in ways {
        let could = reaches(project, from, to, port)?;
        ensure!(
            could == can,
            "{who}, {to}:{port}: can {could}, and shall {can}"
        );
    }
    Ok(())
}

/// Whether a connection can be made from inside a container's network, by whatever way leads there.
fn reaches(project: &Project<'_>, from: &str, to: &str, port: &str) -> Result<bool> {
    let enter = tools::program("nsenter").context("nsenter is not there")?;
    let pid = project.engine.pid(from)?.to_string();
    let connect = format!("exec 3<>/dev/tcp/{to}/{port}");
    let mut command = Command::new(enter);
    command
        .args(["--net", "--target", &pid])
        .args(["timeout", "2", "bash", "-c", &connect]);
    Ok(output(&mut command).is_ok())
}
