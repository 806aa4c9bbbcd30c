//! `cargo xtask test`: what the tests need is installed, then all of them run.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::program::{self, cargo, frugal_cargo};
use crate::{room, tools};

/// Programs that tests start, each with the Debian package that brings it.
const PROGRAMS: &[(&str, &str)] = &[
    ("chromium", "chromium"),
    ("chromedriver", "chromium-driver"),
    ("docker-compose", "docker-compose"),
    ("mkfs.ext4", "e2fsprogs"),
    ("apache2", "apache2-bin"),
    ("nginx", "nginx-light"),
    ("node", "nodejs"),
    ("pebble", "pebble"),
    ("pg_ctlcluster", "postgresql"),
    ("pgbouncer", "pgbouncer"),
    ("redis-server", "redis-server"),
    ("slowhttptest", "slowhttptest"),
    ("sslscan", "sslscan"),
    ("testssl", "testssl.sh"),
];

/// The profile of continuous integration, on machines with a small disk.
const CI: &str = "ci";

/// The accessibility rules that the browser journeys inject, from npm.
const AXE: (&str, &str) = ("axe-core", "4.14.1");

#[derive(Args)]
pub(crate) struct Options {
    /// The profile of .config/nextest.toml
    #[arg(long, default_value = "default")]
    profile: String,
    /// What nextest gets besides, such as `-p web` or a part of a test's name
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

impl Options {
    /// All tests, all failures.
    pub(crate) fn for_ci() -> Self {
        Self {
            profile: CI.to_owned(),
            rest: Vec::new(),
        }
    }
}

/// Installs, builds and runs; a tool that cannot be had is a failure, never a skipped test.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    room::must_be_enough(root)?;
    install(root)?;
    let scope = if options.rest.is_empty() {
        &["--workspace".to_owned()]
    } else {
        options.rest.as_slice()
    };
    let cargo = if options.profile == CI {
        frugal_cargo
    } else {
        cargo
    };
    // Examples are for measuring by hand; the lints look at them.
    let words = ["nextest", "run", "--locked", "--tests", "--profile"];
    program::run(cargo(root).args(words).arg(&options.profile).args(scope))
}

/// The places are fixed, since tests look there: `target/venv/bin` and `target/npm/node_modules`.
fn install(root: &Path) -> Result<()> {
    tools::debian(PROGRAMS)?;
    python(root)?;
    tools::npm(&root.join("target/npm"), AXE)?;
    tools::nextest(root)
}

/// The Python environment with the servers and the clients that tests need.
pub(crate) fn python(root: &Path) -> Result<()> {
    let requirements = root.join("xtask/requirements/test.txt");
    tools::python(&root.join("target/venv"), &requirements)
}
