//! What a stranger waits for: a cold release build to the first answer, and how large the binary is.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Bench;
use super::load::Part;
use super::pendopo;
use crate::program::{self, cargo};

/// The release build.
pub(crate) struct Build {
    pub(crate) binary_bytes: u64,
    /// From an empty target folder to a finished build; the crates' sources are downloaded already.
    pub(crate) cold: Option<Duration>,
}

/// Measures the binary, and a cold build when it is asked for.
pub(crate) fn measure(bench: &Bench) -> Result<Build> {
    let path = pendopo::binary(bench);
    let binary_bytes = path
        .metadata()
        .with_context(|| format!("looking at {}", path.display()))?
        .len();
    let cold = bench.wants(Part::Build) && !bench.quick;
    Ok(Build {
        binary_bytes,
        cold: cold.then(|| cold_build(bench)).transpose()?,
    })
}

fn cold_build(bench: &Bench) -> Result<Duration> {
    let target = bench.place.join("cold");
    let mut command = cargo(&bench.root);
    command
        .args(["build", "--release", "--locked", "--quiet", "--target-dir"])
        .arg(&target);
    let begun = Instant::now();
    program::run(&mut command)?;
    let elapsed = begun.elapsed();
    std::fs::remove_dir_all(&target).context("removing the cold build")?;
    Ok(elapsed)
}
