//! The edge as a proxy beside nginx, `HAProxy` and Caddy: the same origin behind each, the same loads before them.

mod case;
mod counts;
mod door;
mod h2load;
mod idle;
mod judged;
mod layer;
mod profile;
mod section;

use std::process::Command;

use anyhow::{Context, Result};

use super::Bench;
use super::contender::{accepts, free_address};
use super::load::Part;
use super::process::Process;
use super::sample::Sample;
use crate::program::say;
use crate::tools;
use case::{CASES, Case};
use door::Door;

pub(crate) use counts::{Group, of_contenders};
pub(crate) use h2load::send;
pub(crate) use judged::worst;
pub(crate) use profile::build as build_for_profiles;
pub(crate) use section::text;

/// The parts that need the proxies.
const PARTS: &[Part] = &[
    Part::Proxy,
    Part::Files,
    Part::Handshakes,
    Part::Pinned,
    Part::Idle,
    Part::Counts,
];

/// Everything that was measured of the proxies.
pub(crate) struct Proxies {
    /// Each with its version.
    versions: Vec<(&'static str, String)>,
    figures: Vec<Figure>,
    idle: Vec<idle::Idle>,
    counts: Vec<Group>,
    /// Of the cases in which the edge needs more than it may.
    profiles: Vec<Result<profile::Profile>>,
}

/// One case at one door, round by round.
struct Figure {
    case: &'static Case,
    door: &'static str,
    rounds: Vec<Sample>,
}

/// All of it; nothing when no part of it is wanted.
pub(crate) fn measure(bench: &Bench) -> Result<Option<Proxies>> {
    if !PARTS.iter().any(|part| bench.wants(*part)) {
        return Ok(None);
    }
    tools::debian(&[
        ("nginx", "nginx-light"),
        ("haproxy", "haproxy"),
        ("caddy", "caddy"),
        ("h2load", "nghttp2-client"),
    ])?;
    let address = free_address()?;
    let mut command = Command::new(&bench.rig);
    command.arg("origin").arg(address.to_string());
    let mut origin = Process::start(&mut command, &bench.place.join("origin.log"))?;
    origin.wait_until(|_| accepts(address))?;
    let doors: Vec<Door> = door::kinds(bench)
        .map(|kind| door::open(kind, bench, address))
        .collect::<Result<_>>()?;
    let mut figures = Vec::new();
    for case in CASES.iter().filter(|case| bench.wants(case.part)) {
        figures.extend(rounds(bench, case, &doors)?);
    }
    let counts = counts::of_doors(bench, &doors)?;
    let versions = doors.iter().map(|door| (door.name, door.version.clone()));
    let mut proxies = Proxies {
        versions: versions.collect(),
        figures,
        idle: Vec::new(),
        counts,
        profiles: Vec::new(),
    };
    proxies.profiles = profile::of_shortfalls(bench, &proxies, &doors, address);
    drop(doors);
    proxies.idle = idle::all(bench, address)?;
    origin.expect_running()?;
    Ok(Some(proxies))
}

/// Alternating rounds of one case over the doors, after a short one that does not count.
fn rounds(bench: &Bench, case: &'static Case, doors: &[Door]) -> Result<Vec<Figure>> {
    let doors: Vec<&Door> = doors.iter().filter(|door| case.suits(door)).collect();
    let mut figures: Vec<Figure> = doors
        .iter()
        .map(|door| Figure {
            case,
            door: door.name,
            rounds: Vec::new(),
        })
        .collect();
    for door in &doors {
        case.load(bench, door, 1)?;
    }
    for _ in 0..bench.rounds {
        for (door, figure) in doors.iter().zip(&mut figures) {
            let sample = case
                .load(bench, door, bench.proxy_seconds())
                .with_context(|| format!("{} at {}", case.title, door.name))?;
            say(&format!(
                "{} {}: {:.0}/s, {:.1} µs of CPU",
                case.title, door.name, sample.per_second, sample.cpu_us
            ));
            figure.rounds.push(sample);
        }
    }
    Ok(figures)
}
