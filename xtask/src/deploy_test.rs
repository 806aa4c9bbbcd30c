//! `cargo xtask deploy-test`: the files of `deploy/` on a real Docker Engine, which it starts if none runs.

mod compose;
mod engine;
mod hardening;
mod image;
mod project;
mod segments;
mod wedged;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::program::say;
use crate::tools;
use engine::Engine;
use project::Project;

/// What runs containers, and what stands in for images that can't be pulled.
const PROGRAMS: &[(&str, &str)] = &[
    ("dockerd", "docker.io"),
    ("docker-compose", "docker-compose"),
    ("iptables", "iptables"),
    ("busybox", "busybox-static"),
    ("nsenter", "util-linux"),
    ("python3", "python3"),
];

type Check = (&'static str, fn(&Project<'_>) -> Result<()>);

/// In this order: each takes the project as the one before left it, one `edge` and one `web`.
const CHECKS: &[Check] = &[
    (
        "the project starts with one command and keeps its data",
        compose::check,
    ),
    ("containers and processes are closed in", hardening::check),
    ("networks hold what is apart apart", segments::check),
    ("a wedged process ends and comes back", wedged::check),
];

/// Builds the image, runs the project, tries everything, and leaves nothing behind.
pub(crate) fn run(root: &Path) -> Result<()> {
    tools::debian(PROGRAMS)?;
    let engine = Engine::find_or_start()?;
    image::build(root, &engine)?;
    let project = Project::start(root, &engine)?;
    for (name, check) in CHECKS {
        let begun = Instant::now();
        if let Err(error) = check(&project) {
            say(&project.logs());
            return Err(error.context(format!("not true: {name}")));
        }
        say(&format!(
            "   {name}: good after {} s",
            begun.elapsed().as_secs()
        ));
    }
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
