//! `cargo xtask ci`: every check in the order in which a fault is cheapest to see.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::program::{self, cargo, frugal_cargo, say};
use crate::{dependencies, deploy_test, deployment, fuzz, room, test, tidy};

type Step = (&'static str, fn(&Path) -> Result<()>);

const STEPS: &[Step] = &[
    ("format", format),
    ("lints", lints),
    ("documentation", documentation),
    ("tests", tests),
    ("fuzz", brief_fuzz),
    ("dependencies", dependencies::check),
    ("deployment", deployment::lint),
    ("tidy", tidy::run),
    ("deployment on a Docker Engine", on_engine),
];

/// Runs every step; the first that fails ends the run and is named.
pub(crate) fn run(root: &Path) -> Result<()> {
    room::must_be_enough(root)?;
    for (name, step) in STEPS {
        let begun = Instant::now();
        say(&format!("── {name}"));
        step(root).with_context(|| format!("the step `{name}` failed"))?;
        say(&format!(
            "── {name}: good after {} s",
            begun.elapsed().as_secs()
        ));
    }
    Ok(())
}

fn format(root: &Path) -> Result<()> {
    program::run(cargo(root).args(["fmt", "--all", "--check"]))
}

// Warnings become errors after `--`, not by RUSTFLAGS: another RUSTFLAGS would build every crate twice.
fn lints(root: &Path) -> Result<()> {
    program::run(frugal_cargo(root).args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn documentation(root: &Path) -> Result<()> {
    let arguments = [
        "doc",
        "--locked",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ];
    program::run(
        frugal_cargo(root)
            .env("RUSTDOCFLAGS", "-D warnings")
            .args(arguments),
    )
}

fn tests(root: &Path) -> Result<()> {
    test::run(root, &test::Options::for_ci())
}

fn on_engine(root: &Path) -> Result<()> {
    deploy_test::run(root, &deploy_test::Options::default())
}

fn brief_fuzz(root: &Path) -> Result<()> {
    fuzz::run_targets(root, &fuzz::Options::for_ci())
}
