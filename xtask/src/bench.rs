//! `cargo xtask bench`: Pendopo beside the stacks it replaces, on this machine, in one run.

mod backups;
mod build;
mod cgroup;
mod clients;
mod containers;
pub(crate) mod contender;
mod counted;
mod crowd;
mod floor;
mod growth;
mod load;
pub(crate) mod machine;
mod pendopo;
mod pocketbase;
pub(crate) mod process;
pub(crate) mod proxy;
mod report;
mod round;
mod sample;
mod seed;
mod sizes;
mod stores;
mod target;
mod wrk;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::program::{self, cargo, say};
use crate::tools;
use contender::{Contender, Kind};
use load::Part;
use report::Results;

/// Everybody, in the order of the report.
const KINDS: &[Kind] = &[floor::KIND, seed::KIND, pocketbase::KIND, pendopo::KIND];

#[derive(Args)]
pub(crate) struct Options {
    /// Only these parts, such as `get,create`; the report then goes to target/bench, not to docs
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// All but these parts, such as `build`, which takes minutes
    #[arg(long, value_delimiter = ',')]
    without: Vec<Part>,
    /// Only these contenders
    #[arg(long, value_delimiter = ',')]
    with: Vec<String>,
    /// Seconds a round; processor time has a resolution of 10 ms, so fewer than 5 are rough
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Rounds of which the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// One short round of everything, to see that it works
    #[arg(long)]
    quick: bool,
}

/// What every contender needs to know.
pub(crate) struct Bench {
    pub(crate) root: PathBuf,
    /// Wiped at the beginning; each contender has a folder of its name in it.
    pub(crate) place: PathBuf,
    pub(crate) rig: PathBuf,
    pub(crate) venv: PathBuf,
    pub(crate) seconds: u64,
    pub(crate) rounds: usize,
    pub(crate) quick: bool,
    parts: Vec<Part>,
    left_out: Vec<Part>,
    names: Vec<String>,
}

/// Builds, starts, measures, writes.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let bench = Bench::prepare(root, options)?;
    let results = measure(&bench)?;
    let text = report::text(&bench, &results)?;
    let whole = options.only.is_empty() && options.with.is_empty() && !options.quick;
    let path = if whole {
        root.join("docs/benchmarks.md")
    } else {
        bench.place.join("report.md")
    };
    std::fs::write(&path, &text).with_context(|| format!("writing {}", path.display()))?;
    if whole {
        sizes::renew(&root.join("README.md"), &results.sizes)?;
    }
    say(&text);
    say(&format!("written to {}", path.display()));
    results.containers.map(drop)
}

/// Builds come first: later they would share the cores with the contenders, and one that fails would lose the report.
fn measure(bench: &Bench) -> Result<Results> {
    proxy::build_for_profiles(bench)?;
    let build = bench
        .invites("pendopo")
        .then(|| build::measure(bench))
        .transpose()?;
    let kinds = KINDS.iter().filter(|kind| bench.invites(kind.name));
    let contenders: Vec<Contender> = kinds
        .map(|kind| contender::start(kind, bench))
        .collect::<Result<_>>()?;
    let figures = round::all(bench, &contenders)?;
    let crowds = crowd::crowds(bench, &contenders)?;
    let counts = proxy::of_contenders(bench, &contenders)?;
    let clients = clients::measure(bench, &contenders)?;
    let stores = stores::figures(bench)?;
    let growth = if bench.invites("pendopo") {
        growth::measure(bench)?
    } else {
        growth::Growth::default()
    };
    let backups = backups::measure(bench)?;
    let sizes = sizes::measure(bench)?;
    let proxies = proxy::measure(bench)?;
    // Last, since the image has a binary of its own, which takes the place of the one that was measured.
    let containers = containers::measure(bench);
    Ok(Results {
        contenders,
        figures,
        clients,
        stores,
        growth,
        backups,
        sizes,
        containers,
        crowds,
        build,
        proxies,
        counts,
    })
}

impl Bench {
    fn prepare(root: &Path, options: &Options) -> Result<Self> {
        tools::debian(&[
            ("wrk", "wrk"),
            ("nginx", "nginx-light"),
            ("sqlite3", "sqlite3"),
        ])?;
        let venv = root.join("target/bench-venv");
        tools::python(&venv, &root.join("xtask/requirements/bench.txt"))?;
        program::run(cargo(root).args(["build", "--release", "--locked", "-p", "rig"]))?;
        let place = root.join("target/bench");
        if place.exists() {
            std::fs::remove_dir_all(&place).context("clearing target/bench")?;
        }
        std::fs::create_dir_all(&place)?;
        crowd::raise_limit()?;
        let bench = Self {
            root: root.to_owned(),
            rig: root.join("target/release/rig"),
            place,
            venv,
            seconds: if options.quick { 2 } else { options.seconds },
            rounds: if options.quick { 1 } else { options.rounds },
            quick: options.quick,
            parts: options.only.clone(),
            left_out: options.without.clone(),
            names: options.with.clone(),
        };
        if bench.invites("pendopo") {
            program::run(cargo(root).args(["build", "--release", "--locked", "-p", "pendopo"]))?;
        }
        program::run(
            std::process::Command::new(&bench.rig)
                .arg("certificate")
                .arg(&bench.place),
        )?;
        Ok(bench)
    }

    /// Whether the caller wants this part.
    pub(crate) fn wants(&self, part: Part) -> bool {
        let asked = self.parts.is_empty() || self.parts.contains(&part);
        asked && !self.left_out.contains(&part)
    }

    /// Seconds a round at the proxies, who have so many cases that a third of the time must do.
    pub(crate) fn proxy_seconds(&self) -> u64 {
        self.seconds.div_ceil(3)
    }

    /// Whether the caller wants this contender.
    fn invites(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }

    /// The folder of a contender, created when it is missing.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.place.join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("creating {}", folder.display()))?;
        Ok(folder)
    }
}
