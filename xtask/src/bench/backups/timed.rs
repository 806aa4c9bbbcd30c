//! How long a program takes, and the most memory that it held.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub(super) struct Taken {
    pub(super) time: Duration,
    /// In bytes.
    pub(super) peak: u64,
}

/// Between two looks at the memory, whose peak the kernel keeps.
const PAUSE: Duration = Duration::from_millis(5);

/// Runs it to its end, which must be a good one.
pub(super) fn time(command: &mut Command) -> Result<Taken> {
    let name = command.get_program().display().to_string();
    let begun = Instant::now();
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = command
        .spawn()
        .with_context(|| format!("starting {name}"))?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_bytes(child.id()).unwrap_or(0));
        match child.try_wait()? {
            Some(status) => break status,
            None => sleep(PAUSE),
        }
    };
    if !status.success() {
        bail!("{name} ended with {status}");
    }
    let time = begun.elapsed();
    Ok(Taken { time, peak })
}

fn peak_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_are_told_and_a_failure_is_none() {
        let taken = time(Command::new("sleep").arg("0.05")).unwrap();
        assert!(taken.time >= Duration::from_millis(50) && taken.peak > 100_000);
        assert!(time(&mut Command::new("false")).is_err());
    }
}
