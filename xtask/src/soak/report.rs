//! What was held after each round, as a page.

use std::fmt::Write as _;

use anyhow::Result;

use super::load::Round;
use super::state::State;
use crate::bench::machine;

/// The page.
pub(super) fn text(whole: &Round, states: &[State]) -> Result<String> {
    let Round {
        requests,
        connections,
        swaps,
    } = whole;
    let mut text = format!(
        "# Soak\n\n\
        Written by `cargo xtask soak`; do not edit.\n\n\
        One process of the release binary took {requests} requests over connections that stay (reads, pages, writes and proxied ones, \
        over HTTP/1.1 and HTTP/2 with TLS), {connections} connections for one request each (half of them with a full handshake), \
        and {swaps} certificates, each put in force by SIGHUP and seen by a client before the next one. Every answer was good.\n\
        After each of {} equal rounds it was left alone until its connections were closed:\n\n\
        | round | memory of its own, KiB | descriptors | threads |\n|---|---|---|---|\n",
        states.len()
    );
    for (nth, state) in states.iter().enumerate() {
        let State {
            memory,
            descriptors,
            threads,
        } = state;
        writeln!(
            text,
            "| {} | {memory} | {descriptors} | {threads} |",
            nth + 1
        )?;
    }
    writeln!(text, "\n{}; {}.", machine::today()?, machine::hardware()?)?;
    Ok(text)
}
