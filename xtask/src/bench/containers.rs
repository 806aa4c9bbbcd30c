//! Containers: image, start, memory and cost of a request, of Pendopo's roles and of the seed stack's servers.

mod house;
mod images;
mod report;
mod ways;

use std::time::Duration;

use anyhow::{Context, Result};

use super::load::Part;
use super::sample::Sample;
use super::wrk::{Request, load};
use super::{Bench, cgroup};
use crate::deploy_test::engine::Engine;
use crate::deploy_test::image;
use crate::program::say;
use crate::tools;
use house::House;
use ways::Way;

pub(crate) use report::text;

/// What runs containers, and what their images are made of.
const PROGRAMS: &[(&str, &str)] = &[
    ("dockerd", "docker.io"),
    ("iptables", "iptables"),
    ("busybox", "busybox-static"),
    ("debootstrap", "debootstrap"),
    ("pg_isready", "postgresql-client-common"),
];

/// Starts with what the first one left, of which the middle one counts.
const NEXT_STARTS: usize = 3;

/// Everything that was measured.
pub(crate) struct Containers {
    /// Each image with its bytes.
    images: Vec<(String, u64)>,
    ways: Vec<Measured>,
}

/// One way of running.
struct Measured {
    name: &'static str,
    /// With empty volumes, and with what they had then.
    first_start_ms: u128,
    next_start_ms: u128,
    /// Each container with its memory two seconds after the last start, and after the loads.
    memory: Vec<(&'static str, u64, u64)>,
    loads: Vec<Load>,
}

/// One load on a way.
struct Load {
    part: Part,
    sample: Sample,
    /// Microseconds of processor time that each container took for a request.
    costs: Vec<(&'static str, f64)>,
}

/// All ways; nothing when they are not wanted.
pub(crate) fn measure(bench: &Bench) -> Result<Option<Containers>> {
    if !bench.wants(Part::Containers) || !bench.invites("pendopo") {
        return Ok(None);
    }
    tools::debian(PROGRAMS)?;
    let engine = Engine::find_or_start()?;
    image::build(&bench.root, &engine)?;
    let mut images = vec![(image::name(), bytes(&engine, &image::name())?)];
    for name in images::build(bench, &engine)? {
        images.push((name.to_owned(), bytes(&engine, name)?));
    }
    let ways = ways::all()?;
    let measured = ways.iter().map(|way| {
        say(&format!("── {} in containers", way.name));
        one(bench, &engine, way).with_context(|| format!("measuring {}", way.name))
    });
    Ok(Some(Containers {
        ways: measured.collect::<Result<_>>()?,
        images,
    }))
}

fn bytes(engine: &Engine, image: &str) -> Result<u64> {
    let told = engine.docker(&["image", "inspect", "--format", "{{.Size}}", image])?;
    told.parse().context("an image's size is no number")
}

fn one(bench: &Bench, engine: &Engine, way: &Way) -> Result<Measured> {
    let house = House::furnish(engine, way)?;
    let first_start = house.start()?;
    let mut next_starts = Vec::new();
    for _ in 0..NEXT_STARTS {
        house.stop()?;
        next_starts.push(house.start()?);
    }
    next_starts.sort();
    let idle = house.settled_memory()?;
    let requests = way.requests(house.token()?.as_deref())?;
    let loads = requests
        .iter()
        .map(|(part, request)| loaded(bench, &house, *part, request));
    let loads = loads.collect::<Result<_>>()?;
    let memory = idle.into_iter().zip(house.memory()?);
    Ok(Measured {
        name: way.name,
        first_start_ms: first_start.as_millis(),
        next_start_ms: next_starts[NEXT_STARTS / 2].as_millis(),
        memory: memory
            .map(|((name, idle), (_, loaded))| (name, idle, loaded))
            .collect(),
        loads,
    })
}

/// After a second that does not count.
fn loaded(bench: &Bench, house: &House<'_>, part: Part, request: &Request) -> Result<Load> {
    let processes = house.processes()?;
    let ids: Vec<u32> = processes.iter().map(|row| row.1).collect();
    load(request, 1, &bench.place, &ids)?;
    let used = || -> Result<Vec<Duration>> { ids.iter().map(|id| cgroup::cpu_of(*id)).collect() };
    let before = used()?;
    let sample = load(request, bench.seconds, &bench.place, &ids)?;
    let after = used()?;
    let spans = before.into_iter().zip(after);
    let costs = spans
        .map(|(before, after)| after.saturating_sub(before).as_secs_f64() * 1e6 / sample.requests);
    let names = processes.iter().map(|row| row.0);
    let costs: Vec<_> = names.zip(costs).collect();
    say(&format!(
        "{part:?}: {:.0}/s, {costs:.1?} µs",
        sample.per_second
    ));
    Ok(Load {
        part,
        sample,
        costs,
    })
}
