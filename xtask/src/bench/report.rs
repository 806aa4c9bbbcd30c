//! The report in Markdown.

use std::fmt::Write;

use anyhow::Result;

use super::contender::Contender;
use super::load::LOADS;
use super::round::Figure;
use super::{Bench, machine};

const HEAD: &str = "# Benchmarks\n\nWritten by `cargo xtask bench`; do not edit.\n\
Everything ran on one machine in one run: contenders in alternating rounds over loopback, 32 connections of one wrk thread, \
the median of the rounds.\nCPU is the processor time of all processes of a contender, divided by its requests; it counts more than \
requests a second, since wrk shares the cores.\nMemory is the proportional share (PSS) of all its processes under that load.\n";

/// The whole document.
pub(crate) fn text(bench: &Bench, contenders: &[Contender], figures: &[Figure]) -> Result<String> {
    let mut text = HEAD.to_owned();
    writeln!(
        text,
        "\n{}; {} rounds of {} s; {}.",
        machine::today()?,
        bench.rounds,
        bench.seconds,
        machine::describe()?
    )?;
    text.push('\n');
    for contender in contenders {
        writeln!(text, "- {}: {}", contender.name, contender.versions)?;
    }
    for part in LOADS {
        let rows: Vec<&Figure> = figures
            .iter()
            .filter(|figure| figure.part == *part)
            .collect();
        if !rows.is_empty() {
            writeln!(text, "\n## {}\n\n{}", part.title(), table(&rows)?)?;
        }
    }
    writeln!(text, "\n## Start and idle\n\n{}", starts(contenders)?)?;
    Ok(text)
}

fn table(rows: &[&Figure]) -> Result<String> {
    let mut text = "| contender | requests/s | CPU µs a request | p50 ms | p99 ms | memory MB |\n|---|---|---|---|---|---|".to_owned();
    for figure in rows {
        let sample = &figure.sample;
        let memory = megabytes(sample.memory);
        write!(
            text,
            "\n| {} | {:.0} | {:.1} | {:.2} | {:.2} | {memory:.1} |",
            figure.contender, sample.per_second, sample.cpu_us, sample.p50_ms, sample.p99_ms
        )?;
    }
    Ok(text)
}

fn starts(contenders: &[Contender]) -> Result<String> {
    let mut text =
        "| contender | first start ms | next start ms | idle memory MB |\n|---|---|---|---|"
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
    Ok(text)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a size of memory fits a float to the byte"
)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
