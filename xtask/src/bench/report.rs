//! The report in Markdown.

use std::fmt::Write;

use anyhow::Result;

use super::backups::{self, Step};
use super::build::Build;
use super::clients::{self, Creates};
use super::containers::{self, Containers};
use super::contender::Contender;
use super::crowd::Crowd;
use super::load::{LOADS, Part};
use super::proxy::Proxies;
use super::round::Figure;
use super::sample::Sample;
use super::target::{self, Measured, Verdict, megabytes};
use super::{Bench, growth, machine, proxy, sizes, stores};

const HEAD: &str = "# Benchmarks\n\nWritten by `cargo xtask bench`; do not edit.\n\
Everything ran on one machine in one run: contenders in alternating rounds over loopback, 32 connections of one wrk thread, \
the median of the rounds.\nCPU is the processor time of all processes of a contender, divided by its requests; it counts more than \
requests a second, since wrk shares the cores.\nMemory is the proportional share (PSS) of all its processes under that load.\n";

const STORES: &str = "\nContenders share one PostgreSQL, and one Redis, with Debian's settings; what these servers take is not counted, \
since it is the same statements' for both.\npgbench sends the statements of a request from as many clients, each transaction with \
its own commit, and its p50 is the mean; it stands for the most that the database can do one by one.\n";

/// Everything that a run gave.
pub(crate) struct Results {
    pub(crate) contenders: Vec<Contender>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) clients: Vec<Creates>,
    /// On PostgreSQL and on Redis.
    pub(crate) stores: Vec<Figure>,
    pub(crate) growth: growth::Growth,
    pub(crate) backups: Vec<Step>,
    pub(crate) sizes: Vec<sizes::Held>,
    /// What failed last must not lose what was measured before.
    pub(crate) containers: Result<Option<Containers>>,
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) build: Option<Build>,
    pub(crate) proxies: Option<Proxies>,
    pub(crate) counts: Option<proxy::Group>,
}

/// The whole document.
pub(crate) fn text(bench: &Bench, results: &Results) -> Result<String> {
    let mut text = HEAD.to_owned();
    let (day, machine) = (machine::today()?, machine::describe()?);
    writeln!(
        text,
        "\n{day}; {} rounds of {} s; {machine}.\n",
        bench.rounds, bench.seconds
    )?;
    for contender in &results.contenders {
        writeln!(text, "- {}: {}", contender.name, contender.versions)?;
    }
    write!(text, "{}", judged(results)?)?;
    for part in LOADS {
        write!(text, "{}", section(*part, "contender", &results.figures)?)?;
    }
    text += &starts(&results.contenders)?;
    text += &clients::text(&results.clients)?;
    for part in &stores::PARTS {
        write!(text, "{}", section(*part, "contender", &results.stores)?)?;
    }
    if !results.stores.is_empty() {
        text += STORES;
    }
    for part in growth::PARTS {
        write!(
            text,
            "{}",
            section(*part, "people and messages", &results.growth.figures)?
        )?;
    }
    text += &on_disk(&results.growth.sizes)?;
    text += &backups::text(&results.backups)?;
    text += &sizes::text(&results.sizes)?;
    text += &containers::text(&results.containers)?;
    text += &connections(&results.crowds)?;
    text += &proxy::text(results.proxies.as_ref(), results.counts.as_ref())?;
    Ok(text)
}

fn judged(results: &Results) -> Result<String> {
    let measured = Measured {
        figures: &results.figures,
        stores: &results.stores,
        contenders: &results.contenders,
        build: results.build.as_ref(),
        proxies: results.proxies.as_ref(),
    };
    let mut rows = String::new();
    for target in target::targets(&measured) {
        let (at_least, aim) = target.bounds();
        let verdict = match target.verdict() {
            Verdict::Aimed => "aim met",
            Verdict::Met => "met",
            Verdict::Missed => "**not met**",
        };
        let shown = target.shown(target.measured);
        writeln!(
            rows,
            "| {} | {shown} | {at_least} | {aim} | {verdict} |",
            target.what
        )?;
    }
    let head = "\n## Against the targets\n\n| what | measured | at least | aim | |\n|---|---|---|---|---|\n";
    Ok(if rows.is_empty() {
        rows
    } else {
        format!("{head}{rows}")
    })
}

fn section(part: Part, column: &str, figures: &[Figure]) -> Result<String> {
    let figures = figures.iter().filter(|figure| figure.part == part);
    let rows: Vec<_> = figures
        .map(|figure| (figure.contender.to_owned(), figure.sample))
        .collect();
    titled(part, column, &rows)
}

fn connections(crowds: &[Crowd]) -> Result<String> {
    let rows = crowds
        .iter()
        .map(|crowd| (crowd.connections.to_string(), crowd.sample));
    titled(
        Part::Connections,
        "idle connections",
        &rows.collect::<Vec<_>>(),
    )
}

/// A table under its heading, or nothing when there are no rows.
fn titled(part: Part, column: &str, rows: &[(String, Sample)]) -> Result<String> {
    if rows.is_empty() {
        return Ok(String::new());
    }
    let mut text = format!("\n## {}\n\n", part.title());
    writeln!(
        text,
        "| {column} | requests/s | CPU µs a request | p50 ms | p99 ms | memory MB |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|")?;
    for (name, sample) in rows {
        let Sample {
            requests: _,
            per_second,
            cpu_us,
            p50_ms,
            p99_ms,
            memory,
        } = sample;
        let memory = megabytes(*memory);
        writeln!(
            text,
            "| {name} | {per_second:.0} | {cpu_us:.1} | {p50_ms:.2} | {p99_ms:.2} | {memory:.1} |"
        )?;
    }
    Ok(text)
}

fn on_disk(sizes: &[(&str, u64)]) -> Result<String> {
    if sizes.is_empty() {
        return Ok(String::new());
    }
    let head = "\n## Growth: on the disk\n\n| people and messages | MB |\n|---|---|\n";
    let mut text = head.to_owned();
    for (name, bytes) in sizes {
        writeln!(text, "| {name} | {:.1} |", megabytes(*bytes))?;
    }
    Ok(text)
}

fn starts(contenders: &[Contender]) -> Result<String> {
    if contenders.is_empty() {
        return Ok(String::new());
    }
    let mut text =
        "\n## Start and idle\n\n| contender | first start ms | next start ms | idle memory MB |\n|---|---|---|---|"
            .to_owned();
    for contender in contenders {
        let (first, next) = (
            contender.first_start.as_millis(),
            contender.next_start.as_millis(),
        );
        write!(
            text,
            "\n| {} | {first} | {next} | {:.1} |",
            contender.name,
            megabytes(contender.idle_memory)
        )?;
    }
    text.push('\n');
    Ok(text)
}
