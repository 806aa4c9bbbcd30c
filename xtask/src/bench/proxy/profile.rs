//! Where the instructions of a request go, layer by layer, in the cases that fall short: the edge's beside nginx's.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;

use anyhow::{Context, Result};

use super::Proxies;
use super::case::{CASES, Case};
use super::counts::{ATTACHING, Attached, Counter};
use super::door::{self, Door};
use super::judged;
use super::layer::layer;
use crate::bench::Bench;
use crate::bench::load::Part;
use crate::bench::process::family;
use crate::program::{self, cargo, output, say};

const SECONDS: u64 = 2;

/// Samples a second.
const RATE: &str = "1999";

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

/// Builds the edge once more, with the names of its functions: before anything is measured, so that a build that
/// fails costs no figures.
pub(crate) fn build(bench: &Bench) -> Result<()> {
    if !bench.wants(Part::Proxy) || !bench.invites("pendopo") {
        return Ok(());
    }
    let words = ["build", "--profile", "profiling", "--locked", "-p"];
    program::run(cargo(&bench.root).args(words).arg("pendopo"))
}

/// Profiles of the cases in which the edge falls short; one that fails is told in its place.
pub(super) fn of_shortfalls(
    bench: &Bench,
    proxies: &Proxies,
    doors: &[Door],
    origin: SocketAddr,
) -> Vec<Result<Profile>> {
    let short = CASES
        .iter()
        .filter(|case| judged::falls_short(proxies, case));
    let short: Vec<&Case> = short.collect();
    if short.is_empty() {
        return Vec::new();
    }
    say("── profiling what falls short");
    match of_cases(bench, &short, doors, origin) {
        Ok(profiles) => profiles,
        Err(error) => vec![Err(error)],
    }
}

fn of_cases(
    bench: &Bench,
    cases: &[&Case],
    doors: &[Door],
    origin: SocketAddr,
) -> Result<Vec<Result<Profile>>> {
    let Some(counter) = Counter::new(bench)? else {
        return Ok(Vec::new());
    };
    let named = door::open_named(bench, origin)?;
    let peer = doors.iter().find(|door| door.name == PEER);
    let profiler = Profiler {
        counter,
        file: bench.place.join("profile"),
    };
    let profiles = cases.iter().map(|case| {
        let columns = [Some(&named), peer].into_iter().flatten();
        let columns = columns.map(|door| profiler.column(bench, case, door));
        Ok(Profile {
            title: case.title,
            columns: columns.collect::<Result<_>>()?,
        })
    });
    Ok(profiles.collect())
}

/// Samples tell the shares, and the counter what they are shares of: a busy kernel leaves samples out.
struct Profiler {
    counter: Counter,
    file: PathBuf,
}

impl Profiler {
    fn column(&self, bench: &Bench, case: &Case, door: &Door) -> Result<Column> {
        let load = || case.load(bench, door, SECONDS);
        let counted = self.counter.instructions(&door.ids(), &load)?;
        let ids: Vec<String> = family(&door.ids()).iter().map(u32::to_string).collect();
        let mut command = Command::new(&self.counter.perf);
        command
            .args(["record", "-q", "-e", "instructions", "-F", RATE])
            .args(["-p", &ids.join(","), "-o"])
            .arg(&self.file)
            .stdin(Stdio::null());
        let mut attached = Attached(command.spawn().context("starting perf")?);
        sleep(ATTACHING);
        let sample = load();
        attached.end()?;
        sample?;
        Ok(Column {
            door: door.name,
            places: places(&self.read()?, counted),
        })
    }

    fn read(&self) -> Result<String> {
        let mut command = Command::new(&self.counter.perf);
        command.args(["report", "--stdio", "-g", "none", "-t", "^"]);
        command
            .args(["-F", "sample,dso,symbol", "-i"])
            .arg(&self.file);
        output(&mut command).context("reading what perf recorded")
    }
}

/// Lines of `samples^object^[k] symbol`, as parts of what was counted of own instructions and of the kernel's.
fn places(text: &str, [own, kernel]: [f64; 2]) -> Vec<Place> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let samples: Vec<(f64, &str, bool, &str)> = lines
        .filter_map(|line| {
            let mut fields = line.splitn(3, '^').map(str::trim);
            let samples: f64 = fields.next()?.parse().ok()?;
            let (object, symbol) = (fields.next()?, fields.next()?);
            let (mode, symbol) = symbol.split_once(' ')?;
            Some((samples, object, mode == "[k]", symbol))
        })
        .collect();
    let sum = |is_kernel| {
        let of_it = samples.iter().filter(|sample| sample.2 == is_kernel);
        of_it.map(|sample| sample.0).sum::<f64>().max(1.0)
    };
    let (a_sample, a_kernel_sample) = (own / sum(false), kernel / sum(true));
    let places = samples
        .iter()
        .map(|(count, object, is_kernel, symbol)| Place {
            layer: layer(*is_kernel, object, symbol),
            symbol: (*symbol).to_owned(),
            instructions: count
                * if *is_kernel {
                    a_kernel_sample
                } else {
                    a_sample
                },
        });
    places.collect()
}

/// What a report says of them.
pub(super) fn text(profiles: &[Result<Profile>]) -> Result<String> {
    let mut text = String::new();
    for profile in profiles {
        let profile = match profile {
            Ok(profile) => profile,
            Err(error) => {
                writeln!(text, "\nA profile could not be made: {error:#}.")?;
                continue;
            }
        };
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
                let cells: Vec<String> = sums.into_iter().map(cell).collect();
                writeln!(text, "| {layer} | {} |", cells.join(" | "))?;
            }
        }
        Ok(text)
    }
}

/// What takes nothing has no number.
fn cell(sum: f64) -> String {
    if sum < 1.0 {
        "–".to_owned()
    } else {
        format!("{sum:.0}")
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

    const REPORT: &str = "# Samples: 40\n#\n30^nginx ^[.] 0x0000000000012345\n    10^[kernel.kallsyms]^[k] tcp_ack\n\n    10^nginx^[.] ngx_palloc\n";

    #[test]
    fn samples_are_parts_of_what_was_counted() {
        let places = places(REPORT, [4000.0, 500.0]);
        let sums: Vec<(&str, f64)> = places
            .iter()
            .map(|place| (place.symbol.as_str(), place.instructions.round()))
            .collect();
        let expected = [
            ("0x0000000000012345", 3000.0),
            ("tcp_ack", 500.0),
            ("ngx_palloc", 1000.0),
        ];
        assert_eq!(sums, expected);
    }

    #[test]
    fn a_profile_is_a_table_of_layers_and_a_list_of_functions() {
        let profile = Profile {
            title: "a case",
            columns: vec![Column {
                door: "nginx",
                places: places(REPORT, [4000.0, 500.0]),
            }],
        };
        let text = text(&[Ok(profile)]).unwrap();
        assert!(
            text.contains("### Where it falls short: a case\n"),
            "{text}"
        );
        assert!(text.contains("| layer | nginx |\n|---|---|\n"), "{text}");
        assert!(text.contains(" | 3000 |\n"), "{text}");
        assert!(text.contains("`tcp_ack` 500"), "{text}");
    }
}
