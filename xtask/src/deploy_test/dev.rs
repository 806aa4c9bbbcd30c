//! For those who write Pendopo: a change of the source is built and started by itself, and everything ends when told to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::engine::Engine;
use super::project::{PATIENCE, Project};
use super::{image, must_be_true, stand_in, wait_for};
use crate::program::{output, say};

/// What of the repository the containers need.
const CHECKOUT: [&str; 6] = [
    ".dockerignore",
    "Cargo.lock",
    "Cargo.toml",
    "crates",
    "deploy",
    "rust-toolchain.toml",
];
/// The image that the overlay builds.
const IMAGE: &str = "pendopo-dev";
/// Without an answer to the signal it would take as long as the engine waits, 45 s.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

pub(super) fn check(root: &Path, engine: &Engine) -> Result<()> {
    say("── compose.yaml, compose.dev.yaml");
    stand_in::compiler(root, engine, &image::compiler(root)?)?;
    let checkout = checkout(root)?;
    let manifests =
        ["compose.yaml", "compose.dev.yaml"].map(|name| checkout.join("deploy").join(name));
    let manifests = manifests
        .each_ref()
        .map(|path| path.to_str().unwrap_or_default());
    // One of another day is not built again.
    let _ = engine.docker(&["image", "rm", "--force", IMAGE]);
    let project = Project::start(root, engine, &manifests)?;
    let changed = || is_built_again(&project, &checkout);
    must_be_true(
        "a change of the source is built and started",
        || project.logs(),
        changed,
    )?;
    must_be_true(
        "they end when they are told to",
        || project.logs(),
        || ends(&project),
    )
}

/// Not the repository itself, whose sources are to be changed.
fn checkout(root: &Path) -> Result<PathBuf> {
    let place = root.join("target/deploy-test/checkout");
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(&place)?;
    let entries = CHECKOUT.map(|name| root.join(name));
    output(Command::new("cp").arg("-r").args(entries).arg(&place))?;
    Ok(place)
}

fn is_built_again(project: &Project<'_>, checkout: &Path) -> Result<()> {
    let before = (servers(project, "edge")?, servers(project, "web")?);
    ensure!(
        !before.0.is_empty() && !before.1.is_empty(),
        "no server runs"
    );
    let source = checkout.join("crates/pendopo/src/main.rs");
    fs::write(&source, fs::read_to_string(&source)? + "// A change.\n")?;
    let is_new = |service, before: &BTreeSet<String>| -> Result<bool> {
        let now = servers(project, service)?;
        Ok(!now.is_empty() && now.is_disjoint(before))
    };
    let are_new = || Ok(is_new("edge", &before.0)? && is_new("web", &before.1)?);
    wait_for("new servers run", PATIENCE, are_new)?;
    let is_served = || {
        Ok(project
            .client()
            .and_then(|mut client| client.get("/"))
            .is_ok_and(|answer| answer.status == 200))
    };
    wait_for("the page is served by them", PATIENCE, is_served).map(drop)
}

/// The processes of the server, as this machine numbers them.
fn servers(project: &Project<'_>, service: &str) -> Result<BTreeSet<String>> {
    let id = project.container(service)?;
    let told = project.engine.docker(&["top", &id, "-eo", "pid,comm"])?;
    let lines = told
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    let servers =
        lines.filter_map(|words| (words.last() == Some(&"pendopo")).then(|| words[0].to_owned()));
    Ok(servers.collect())
}

fn ends(project: &Project<'_>) -> Result<()> {
    let begun = Instant::now();
    project.compose_good(&["stop"])?;
    ensure!(
        begun.elapsed() < ENDS_WITHIN,
        "it took {:.0?}",
        begun.elapsed()
    );
    Ok(())
}
