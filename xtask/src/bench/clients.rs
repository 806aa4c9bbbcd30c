//! Durable creates by few and by many clients: beside a design that commits each by itself, and beside PocketBase.

use std::fmt::Write as _;
use std::process::Command;

use anyhow::Result;

use super::Bench;
use super::contender::Contender;
use super::counted::Counted;
use super::load::Part;
use super::round::median;
use super::sample::Sample;
use super::wrk;
use crate::program::{output, say};

const CLIENTS: [usize; 3] = [1, 8, 64];
const COMMITS: &str = "one commit each, without HTTP";

/// Creates a second by one contender with so many clients.
pub(crate) struct Creates {
    clients: usize,
    contender: &'static str,
    sample: Sample,
}

/// All of them, unless they are not wanted.
pub(crate) fn measure(bench: &Bench, contenders: &[Contender]) -> Result<Vec<Creates>> {
    let mut measured = Vec::new();
    if !bench.wants(Part::Clients) {
        return Ok(measured);
    }
    for clients in CLIENTS {
        for contender in contenders {
            let Some(request) = contender.request(Part::PlainCreate) else {
                continue;
            };
            let request = request.clone().by(clients);
            let round = || wrk::load(&request, bench.seconds, &bench.place, &contender.ids());
            measured.push(creates(bench, clients, contender.name, round)?);
        }
        let round = || commits(bench, clients);
        measured.push(creates(bench, clients, COMMITS, round)?);
    }
    Ok(measured)
}

fn creates(
    bench: &Bench,
    clients: usize,
    contender: &'static str,
    round: impl Fn() -> Result<Sample>,
) -> Result<Creates> {
    let rounds: Vec<Sample> = (0..bench.rounds).map(|_| round()).collect::<Result<_>>()?;
    let sample = median(&rounds);
    say(&format!(
        "Clients {contender}, {clients}: {:.0}/s",
        sample.per_second
    ));
    Ok(Creates {
        clients,
        contender,
        sample,
    })
}

fn commits(bench: &Bench, clients: usize) -> Result<Sample> {
    let mut python = Command::new(bench.venv.join("bin/python"));
    python.arg(bench.root.join("bench/commits.py"));
    python.arg(bench.place.join("commits.db"));
    let text = output(python.args([clients.to_string(), bench.seconds.to_string()]))?;
    // No contender's time is counted: what commits is the load itself.
    Ok(Counted::read(&text)?.sample(0.0, 0))
}

/// The section of the report.
pub(crate) fn text(measured: &[Creates]) -> Result<String> {
    if measured.is_empty() {
        return Ok(String::new());
    }
    let mut text = "\n## Durable creates on SQLite by few and by many clients, plain HTTP\n\n\
        | clients | contender | creates/s | p50 ms | p99 ms |\n|---|---|---|---|---|\n"
        .to_owned();
    for row in measured {
        let Creates {
            clients,
            contender,
            sample,
        } = row;
        let times = if sample.p99_ms > 0.0 {
            format!("{:.2} | {:.2}", sample.p50_ms, sample.p99_ms)
        } else {
            "– | –".to_owned()
        };
        writeln!(
            text,
            "| {clients} | {contender} | {:.0} | {times} |",
            sample.per_second
        )?;
    }
    Ok(text)
}
