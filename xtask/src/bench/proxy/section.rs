//! The proxies' part of the report.

use std::fmt::Write;

use anyhow::Result;

use super::counts::{Count, Group};
use super::idle::Idle;
use super::judged::{PEERS, against};
use super::profile;
use super::{CASES, Figure, Proxies};
use crate::bench::round::median;
use crate::bench::target::{Verdict, megabytes, verdict};

const HEAD: &str = "\n## The edge as a proxy\n\n\
The same origin behind each, a hyper server that answers 100 bytes or 100 kB at once; its own time is not counted.\n\
Keep-alive on both sides, one worker a core, an access log to a file, headers that name the client.\n\
HTTP/1.1 is loaded by wrk over 32 connections, HTTP/2 by h2load over 8 with 4 requests at a time.\n\
A request at a pinned rate has its moment, and its time counts from there; handshakes resume no session.\n\
Configurations are in `bench/proxy`.\n";

const MISSED: &str = "**not met**";

/// Everything about the proxies, or nothing.
pub(crate) fn text(proxies: Option<&Proxies>, others: Option<&Group>) -> Result<String> {
    let mut text = String::new();
    if let Some(proxies) = proxies {
        writeln!(text, "{HEAD}")?;
        for (name, version) in &proxies.versions {
            writeln!(text, "- {name}: {version}")?;
        }
        text += &judged(proxies)?;
        for case in CASES {
            let figures = proxies.figures.iter();
            let rows: Vec<_> = figures.filter(|row| row.case.title == case.title).collect();
            text += &table(case.title, &rows)?;
        }
        text += &idle(&proxies.idle)?;
        text += &profile::text(&proxies.profiles)?;
    }
    let groups = proxies.map_or(&[][..], |proxies| &proxies.counts);
    text += &counts(groups.iter().chain(others))?;
    Ok(text)
}

fn judged(proxies: &Proxies) -> Result<String> {
    let mut rows = String::new();
    for own in proxies.figures.iter().filter(|row| row.door == "pendopo") {
        write!(rows, "| {} |", own.case.title)?;
        for (peer, bounds) in PEERS {
            write!(rows, " {} |", cell(proxies, own, peer, *bounds))?;
        }
        rows.push('\n');
    }
    if rows.is_empty() {
        return Ok(rows);
    }
    let mut head = "\n### CPU a request, as a share of the other's: the middle round (the least – the most)\n\n| case |".to_owned();
    let mut rule = "|---|".to_owned();
    for (peer, (at_least, aim)) in PEERS {
        write!(head, " {peer} (at least {at_least}, aim {aim}) |")?;
        rule += "---|";
    }
    Ok(format!("{head}\n{rule}\n{rows}"))
}

fn cell(proxies: &Proxies, own: &Figure, peer: &str, bounds: (f64, f64)) -> String {
    let Some(ratio) = against(proxies, own, peer) else {
        return "–".to_owned();
    };
    let shown = format!(
        "{:.2} ({:.2} – {:.2})",
        ratio.middle, ratio.least, ratio.most
    );
    if !own.case.is_judged {
        return shown;
    }
    let word = match verdict(ratio.middle, bounds) {
        Verdict::Aimed => "aim met",
        Verdict::Met => "met",
        Verdict::Missed => MISSED,
    };
    format!("{shown} {word}")
}

fn table(title: &str, rows: &[&Figure]) -> Result<String> {
    if rows.is_empty() {
        return Ok(String::new());
    }
    let mut text = format!(
        "\n### {title}\n\n| proxy | requests/s | CPU µs a request | p50 ms | p99 ms | memory MB |\n|---|---|---|---|---|---|\n"
    );
    for figure in rows {
        let sample = median(&figure.rounds);
        writeln!(
            text,
            "| {} | {:.0} | {:.1} | {} | {} | {:.1} |",
            figure.door,
            sample.per_second,
            sample.cpu_us,
            time(sample.p50_ms),
            time(sample.p99_ms),
            megabytes(sample.memory)
        )?;
    }
    Ok(text)
}

/// A time that was not measured is none.
fn time(ms: f64) -> String {
    if ms > 0.0 {
        format!("{ms:.2}")
    } else {
        "–".to_owned()
    }
}

fn idle(rows: &[Idle]) -> Result<String> {
    if rows.is_empty() {
        return Ok(String::new());
    }
    let mut text = "\n### Memory beside 10,000 idle connections\n\n| proxy | connections | without MB | with MB | bytes a connection |\n|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let (way, each) = (if row.is_secure { "TLS 1.3" } else { "plain" }, row.each());
        let (before, beside) = (megabytes(row.before), megabytes(row.beside));
        writeln!(
            text,
            "| {} | {way} | {before:.1} | {beside:.1} | {each} |",
            row.door
        )?;
    }
    Ok(text)
}

fn counts<'a>(groups: impl Iterator<Item = &'a Group>) -> Result<String> {
    let mut rows = String::new();
    for group in groups {
        for count in &group.rows {
            let Count {
                name,
                user,
                kernel,
                calls,
                allocations,
            } = count;
            let allocations = allocations.map_or("–".to_owned(), |count| format!("{count:.1}"));
            writeln!(
                rows,
                "| {} | {name} | {user:.0} | {kernel:.0} | {calls:.1} | {allocations} |",
                group.title
            )?;
        }
    }
    if rows.is_empty() {
        return Ok(rows);
    }
    Ok(format!(
        "\n## What one request takes\n\nCounted by the kernel over all processes of a contender; allocations are calls of the C library's allocator and of our own.\n\n\
        | load | contender | own instructions | the kernel's | system calls | allocations |\n|---|---|---|---|---|---|\n{rows}"
    ))
}
