//! Swaps: a server is told of another certificate again and again, and must serve it to who connects next.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::client::Dialer;

/// A server that still serves the last certificate then fails the run.
const PATIENCE: Duration = Duration::from_secs(10);

/// One of the two states of the server.
struct Side {
    config: String,
    leaf: CertificateDer<'static>,
}

/// Swaps so many times, from one side to the other and back.
pub(crate) fn run(
    dialer: &Dialer,
    process: i32,
    file: &Path,
    folders: &[PathBuf],
    count: usize,
) -> Result<()> {
    let process = Pid::from_raw(process).context("no process has this number")?;
    let sides: Vec<Side> = folders
        .iter()
        .map(|folder| read(folder))
        .collect::<Result<_>>()?;
    for (nth, side) in sides.iter().cycle().take(count).enumerate() {
        replace(file, &side.config)?;
        kill_process(process, Signal::HUP).context("telling the server")?;
        await_leaf(dialer, nth, side).with_context(|| format!("swap {nth}"))?;
    }
    Ok(())
}

fn read(folder: &Path) -> Result<Side> {
    let config = folder.join("pendopo.toml");
    Ok(Side {
        config: fs::read_to_string(&config)
            .with_context(|| format!("reading {}", config.display()))?,
        leaf: CertificateDer::from_pem_file(folder.join("cert.pem"))?,
    })
}

/// Whole at any moment, as an operator's tools do it.
fn replace(file: &Path, text: &str) -> Result<()> {
    let part = file.with_extension("part");
    fs::write(&part, text).with_context(|| format!("writing {}", part.display()))?;
    fs::rename(&part, file).with_context(|| format!("writing {}", file.display()))
}

fn await_leaf(dialer: &Dialer, nth: usize, side: &Side) -> Result<()> {
    let begun = Instant::now();
    while dialer.connect(nth)?.leaf() != Some(&side.leaf) {
        let is_late = begun.elapsed() > PATIENCE;
        ensure!(!is_late, "the last certificate is still served");
    }
    Ok(())
}
