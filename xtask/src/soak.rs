//! `cargo xtask soak`: a million requests, a hundred thousand connections and ten thousand certificates at one process of the
//! release binary, which must hold no more afterwards than when it had just warmed up.

mod house;
mod load;
mod report;
mod state;

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::program::{self, cargo, say};
use crate::tools;
use house::House;
use load::Round;
use state::State;

/// Each round does the same, so that what piles up grows from one to the next.
const ROUNDS: u32 = 10;

/// What all rounds do together.
const WHOLE: Round = Round {
    requests: 1_000_000,
    connections: 100_000,
    swaps: 10_000,
};

#[derive(Args)]
pub(crate) struct Options {
    /// A hundredth of everything, to see that it works; the report then goes to target/soak, not to docs
    #[arg(long)]
    quick: bool,
}

/// Builds, runs every round, writes what was held after each, and fails if it grew.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    tools::debian(&[("h2load", "nghttp2-client")])?;
    for package in ["rig", "pendopo"] {
        program::run(cargo(root).args(["build", "--release", "--locked", "-p", package]))?;
    }
    let share = if options.quick { 100 } else { 1 } * ROUNDS;
    let states = rounds(root, &WHOLE.part(share))?;
    let text = report::text(&WHOLE.part(share / ROUNDS), &states)?;
    let path = if options.quick {
        root.join("target/soak/report.md")
    } else {
        root.join("docs/soak.md")
    };
    std::fs::write(&path, &text).with_context(|| format!("writing {}", path.display()))?;
    say(&text);
    say(&format!("written to {}", path.display()));
    match state::growth(&states) {
        None => Ok(()),
        Some(growth) => bail!("{growth}"),
    }
}

/// What the process held after each round.
fn rounds(root: &Path, round: &Round) -> Result<Vec<State>> {
    let mut house = House::open(root)?;
    let mut states = Vec::new();
    for number in 1..=ROUNDS {
        round
            .run(&house)
            .with_context(|| format!("in round {number}"))?;
        house.process.expect_running()?;
        let state = State::settled(house.process.id())?;
        say(&format!("round {number} of {ROUNDS}: {state}"));
        states.push(state);
    }
    Ok(states)
}
