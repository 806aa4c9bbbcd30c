//! `cargo xtask fuzz`: throws what no one would write at what reads strangers' bytes (`fuzz/`).

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::program::{frugal_cargo, output, run};

/// The programs of `fuzz/targets`.
const TARGETS: [&str; 5] = ["proxy_header", "forwarded", "routing", "limiter", "answers"];

/// How long each runs in continuous integration, in seconds.
const BRIEF: u32 = 5;

/// The instrumentation that libFuzzer reads; cargo-fuzz sets the same. Stable Rust has it, but for sanitizers.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

#[derive(Args)]
pub(crate) struct Options {
    /// One target of `fuzz/targets`; all of them otherwise
    target: Option<String>,
    /// How long each runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

impl Options {
    /// Every target for a moment.
    pub(crate) fn for_ci() -> Self {
        Self {
            target: None,
            seconds: BRIEF,
        }
    }
}

/// Builds the targets, then runs them one after the other; the first input that breaks one ends the run.
pub(crate) fn run_targets(root: &Path, options: &Options) -> Result<()> {
    let chosen: Vec<&str> = match &options.target {
        None => TARGETS.to_vec(),
        Some(name) => vec![known(name)?],
    };
    let host = host()?;
    build(root, &host)?;
    let programs = root.join("target/fuzz").join(host).join("release");
    for name in chosen {
        run_target(root, &programs.join(name), options.seconds)
            .with_context(|| format!("the input stands in target/fuzz/{name}-…; the target fails on it alone when given its path"))?;
    }
    Ok(())
}

fn known(name: &str) -> Result<&'static str> {
    let found = TARGETS.iter().find(|target| **target == name);
    let Some(found) = found else {
        bail!(
            "no target is called `{name}`: choose one of {}",
            TARGETS.join(", ")
        );
    };
    Ok(found)
}

/// What this machine is called; named, so that only the targets are instrumented and not what builds them.
fn host() -> Result<String> {
    let text = output(Command::new("rustc").arg("-vV"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line
        .context("rustc does not say what machine this is")?
        .to_owned())
}

fn build(root: &Path, host: &str) -> Result<()> {
    let place = root.join("target/fuzz");
    run(frugal_cargo(&root.join("fuzz"))
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .args(["build", "--locked", "--release", "--target", host])
        .arg("--target-dir")
        .arg(place))
}

/// New inputs go beside the build, where later runs begin with them; those of `fuzz/corpus` are kept by hand.
fn run_target(root: &Path, program: &Path, seconds: u32) -> Result<()> {
    let name = program.file_name().unwrap_or_default();
    let found = root.join("target/fuzz/found").join(name);
    std::fs::create_dir_all(&found).with_context(|| format!("making {}", found.display()))?;
    let broken = format!("target/fuzz/{}-", name.to_string_lossy());
    run(Command::new(program)
        .current_dir(root)
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={broken}"))
        .args([
            "-print_final_stats=1",
            "-verbosity=0",
            "-timeout=10",
            "-rss_limit_mb=512",
        ])
        .arg(found)
        .arg(root.join("fuzz/corpus").join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_has_its_source_and_its_corpus() {
        let fuzz = crate::tree::root().join("fuzz");
        let sources = fuzz.join("targets").read_dir().expect("targets");
        assert_eq!(sources.count(), TARGETS.len());
        for name in TARGETS {
            assert!(
                fuzz.join("targets")
                    .join(name)
                    .with_extension("rs")
                    .is_file()
            );
            let corpus = fuzz.join("corpus").join(name).read_dir();
            assert!(corpus.is_ok_and(|inputs| inputs.count() > 0), "{name}");
        }
    }

    #[test]
    fn an_unknown_target_is_refused_with_those_that_there_are() {
        let error = known("nothing").expect_err("no such target");
        assert!(error.to_string().contains("proxy_header"), "{error}");
    }
}
