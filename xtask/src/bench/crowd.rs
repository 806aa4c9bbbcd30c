//! Open connections: the cost of one request while 10 to 10,000 others stay open.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Bench;
use super::contender::Contender;
use super::load::Part;
use super::process::Process;
use super::round::median;
use super::sample::Sample;
use super::wrk::load;
use crate::program::say;

const SIZES: &[usize] = &[10, 100, 1_000, 10_000];

/// Files that one process may need: the largest crowd and some for itself.
const FILES: u64 = 16_384;

/// One size of crowd with what a request cost beside it.
pub(crate) struct Crowd {
    pub(crate) connections: usize,
    pub(crate) sample: Sample,
}

/// Raises the limit of open files for this process and all that it starts.
pub(crate) fn raise_limit() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < FILES) {
        let raised = Rlimit {
            current: Some(FILES),
            maximum: limit.maximum,
        };
        setrlimit(Resource::Nofile, raised)
            .with_context(|| format!("raising the limit of open files to {FILES}"))?;
    }
    Ok(())
}

/// Alternating rounds over the sizes.
pub(crate) fn crowds(bench: &Bench, contenders: &[Contender]) -> Result<Vec<Crowd>> {
    let pendopo = contenders
        .iter()
        .find(|contender| contender.name == "pendopo");
    let Some(pendopo) = pendopo.filter(|_| bench.wants(Part::Connections)) else {
        return Ok(Vec::new());
    };
    let mut samples = vec![Vec::new(); SIZES.len()];
    for _ in 0..bench.rounds {
        for (at, connections) in SIZES.iter().enumerate() {
            samples[at].push(beside(bench, pendopo, *connections)?);
        }
    }
    let crowds = SIZES.iter().zip(samples);
    Ok(crowds
        .map(|(connections, samples)| Crowd {
            connections: *connections,
            sample: median(&samples),
        })
        .collect())
}

fn beside(bench: &Bench, pendopo: &Contender, connections: usize) -> Result<Sample> {
    let request = pendopo
        .request(Part::Get)
        .context("Pendopo serves no GET")?;
    let address = pendopo.started.secure.context("Pendopo serves no HTTPS")?;
    let mut command = Command::new(&bench.rig);
    command
        .arg("crowd")
        .arg("--authority")
        .arg(authority(pendopo))
        .args([&address.to_string(), "/health", &connections.to_string()]);
    let mut crowd = Process::start(&mut command, &bench.place.join("crowd.log"))?;
    crowd.wait_until(|crowd| crowd.printed().contains("ready"))?;
    let sample = load(request, bench.seconds, &bench.place, &pendopo.ids())?;
    say(&format!(
        "{connections} connections: {:.1} µs of CPU a request",
        sample.cpu_us
    ));
    crowd.expect_running()?;
    Ok(sample)
}

/// The local authority that signed Pendopo's certificate.
fn authority(pendopo: &Contender) -> PathBuf {
    pendopo.started.folder.join("data/tls/ca.pem")
}
