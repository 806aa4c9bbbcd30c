//! Where the instructions of a request go, layer by layer, in the cases that fall short: the edge's beside nginx's.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;

use anyhow::{Context, Result};

use super::Proxies;
use super::case::{CASES, Case};
use super::counts::{ATTACHING, Attached, perf};
use super::door::{self, Door};
use super::judged;
use super::layer::layer;
use crate::bench::Bench;
use crate::bench::process::family;
use crate::program::{self, cargo, output, say};

const SECONDS: u64 = 2;

/// One sample stands for so many instructions; no round number, so that it keeps no step with what it looks at.
const PERIOD: u32 = 100_003;

/// The proxy that nearly all shortfalls are against.
const PEER: &str = "nginx";

/// So many functions of a layer are named, if they take this many instructions.
const NAMED: usize = 4;
const WORTH_NAMING: f64 = 150.0;

/// One case at the edge and at its peer.
pub(super) struct Profile {
    title: &'static str,
    columns: Vec<Column>,
}

/// What one request takes at one door.
struct Column {
    door: &'static str,
    places: Vec<Place>,
}

/// A function, and the instructions that it takes of a request.
#[derive(Debug, PartialEq)]
struct Place {
    layer: &'static str,
    symbol: String,
    instructions: f64,
}

/// Profiles of the cases in which the edge falls short; the edge is built once more for it, with the names of its
/// functions.
pub(super) fn of_shortfalls(
    bench: &Bench,
    proxies: &Proxies,
    doors: &[Door],
    origin: SocketAddr,
) -> Result<Vec<Profile>> {
    let short: Vec<&Case> = CASES
        .iter()
        .filter(|case| judged::falls_short(proxies, case))
        .collect();
    let Some(perf) = perf(bench)?.filter(|_| !short.is_empty()) else {
        return Ok(Vec::new());
    };
    say("── profiling what falls short");
    let mut command = cargo(&bench.root);
    command.args([
        "build",
        "--profile",
        "profiling",
        "--locked",
        "-p",
        "pendopo",
    ]);
    program::run(&mut command)?;
    let named = door::open_named(bench, origin)?;
    let peer = doors.iter().find(|door| door.name == PEER);
    let profiler = Profiler {
        perf,
        file: bench.place.join("profile"),
    };
    let profiles = short.into_iter().map(|case| {
        let columns = [Some(&named), peer].into_iter().flatten();
        let columns = columns.map(|door| profiler.column(bench, case, door));
        Ok(Profile {
            title: case.title,
            columns: columns.collect::<Result<_>>()?,
        })
    });
    profiles.collect()
}

struct Profiler {
    perf: PathBuf,
    file: PathBuf,
}

impl Profiler {
    fn column(&self, bench: &Bench, case: &Case, door: &Door) -> Result<Column> {
        let ids: Vec<String> = family(&door.ids()).iter().map(u32::to_string).collect();
        let mut command = Command::new(&self.perf);
        command
            .args(["record", "-q", "-e", "instructions", "-c"])
            .args([&PERIOD.to_string(), "-p", &ids.join(","), "-o"])
            .arg(&self.file)
            .stdin(Stdio::null());
        let mut attached = Attached(command.spawn().context("starting perf")?);
        sleep(ATTACHING);
        let sample = case.load(bench, door, SECONDS);
        attached.end()?;
        let text = self.read()?;
        Ok(Column {
            door: door.name,
            places: places(&text, sample?.requests),
        })
    }

    fn read(&self) -> Result<String> {
        let mut command = Command::new(&self.perf);
        command.args(["report", "--stdio", "-g", "none", "-t", "^"]);
        command
            .args(["-F", "sample,dso,symbol", "-i"])
            .arg(&self.file);
        output(&mut command).context("reading what perf recorded")
    }
}

/// Lines of `samples^object^[k] symbol`.
fn places(text: &str, requests: f64) -> Vec<Place> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let places = lines.filter_map(|line| {
        let mut fields = line.splitn(3, '^').map(str::trim);
        let samples: u32 = fields.next()?.parse().ok()?;
        let (object, symbol) = (fields.next()?, fields.next()?);
        let (mode, symbol) = symbol.split_once(' ')?;
        Some(Place {
            layer: layer(mode == "[k]", object, symbol),
            symbol: symbol.to_owned(),
            instructions: f64::from(samples) * f64::from(PERIOD) / requests,
        })
    });
    places.collect()
}

/// What a report says of them.
pub(super) fn text(profiles: &[Profile]) -> Result<String> {
    let mut text = String::new();
    for profile in profiles {
        writeln!(
            text,
            "\n### Where it falls short: {}\n\nInstructions a request, by the layer that they serve, sampled by perf.\n",
            profile.title
        )?;
        text += &profile.table()?;
        for column in &profile.columns {
            text += &column.functions()?;
        }
    }
    Ok(text)
}

impl Profile {
    fn table(&self) -> Result<String> {
        let (mut head, mut rule) = ("| layer |".to_owned(), "|---|".to_owned());
        for column in &self.columns {
            write!(head, " {} |", column.door)?;
            rule += "---|";
        }
        let mut text = format!("{head}\n{rule}\n");
        for layer in super::layer::LAYERS {
            let sums: Vec<f64> = self.columns.iter().map(|one| one.sum(layer)).collect();
            if sums.iter().any(|sum| *sum >= 1.0) {
                let cells: Vec<String> = sums.iter().map(|sum| format!("{sum:.0}")).collect();
                writeln!(text, "| {layer} | {} |", cells.join(" | "))?;
            }
        }
        Ok(text)
    }
}

impl Column {
    fn sum(&self, layer: &str) -> f64 {
        let places = self.places.iter().filter(|place| place.layer == layer);
        places.map(|place| place.instructions).sum()
    }

    /// The functions that take most, layer by layer.
    fn functions(&self) -> Result<String> {
        let mut text = format!("\n{}, the functions that take most:\n\n", self.door);
        for layer in super::layer::LAYERS {
            let mut places: Vec<&Place> = self
                .places
                .iter()
                .filter(|place| place.layer == *layer && place.instructions >= WORTH_NAMING)
                .collect();
            places.sort_by(|one, other| other.instructions.total_cmp(&one.instructions));
            let named = places.iter().take(NAMED);
            let named: Vec<String> = named
                .map(|place| format!("`{}` {:.0}", place.symbol, place.instructions))
                .collect();
            if !named.is_empty() {
                writeln!(text, "- {layer}: {}", named.join(", "))?;
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "# Samples: 40\n#\n30^nginx ^[.] 0x0000000000012345\n    10^[kernel.kallsyms]^[k] tcp_ack\n\n";

    #[test]
    fn samples_become_instructions_a_request() {
        let places = places(REPORT, 1000.0);
        let sums: Vec<(&str, f64)> = places
            .iter()
            .map(|place| (place.symbol.as_str(), place.instructions.round()))
            .collect();
        assert_eq!(sums, [("0x0000000000012345", 3000.0), ("tcp_ack", 1000.0)]);
    }

    #[test]
    fn a_profile_is_a_table_of_layers_and_a_list_of_functions() {
        let profile = Profile {
            title: "a case",
            columns: vec![Column {
                door: "nginx",
                places: places(REPORT, 1000.0),
            }],
        };
        let text = text(&[profile]).unwrap();
        assert!(
            text.contains("### Where it falls short: a case\n"),
            "{text}"
        );
        assert!(text.contains("| layer | nginx |\n|---|---|\n"), "{text}");
        assert!(text.contains(" | 3000 |\n"), "{text}");
        assert!(text.contains("`tcp_ack` 1000"), "{text}");
    }
}
