//! What a process holds: memory of its own, descriptors, threads.

use std::fmt;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// How long it may take until idle connections are closed and freed memory has been given back.
const SETTLING: Duration = Duration::from_secs(90);

/// Nothing may change for this long before it counts as settled.
const STEADY: Duration = Duration::from_secs(12);

/// How much more memory than after the first half of the rounds is noise of the heap: kibibytes.
const NOISE: u64 = 2048;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// Resident and not from a file, in kibibytes.
    pub(super) memory: u64,
    pub(super) descriptors: u64,
    pub(super) threads: u64,
}

impl State {
    /// As it is once nothing changes any more.
    pub(super) fn settled(process: u32) -> Result<Self> {
        let begun = Instant::now();
        let mut last = Self::read(process)?;
        let mut since = Instant::now();
        while since.elapsed() < STEADY && begun.elapsed() < SETTLING {
            sleep(Duration::from_millis(500));
            let now = Self::read(process)?;
            if (now.descriptors, now.threads) != (last.descriptors, last.threads) {
                since = Instant::now();
            }
            last = now;
        }
        Ok(last)
    }

    fn read(process: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"));
        let status = status.context("reading the process's status")?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"));
        let memory = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let memory = memory.context("no line of memory")?.parse()?;
        let count = |of: &str| -> Result<u64> {
            let entries = fs::read_dir(format!("/proc/{process}/{of}"))?;
            Ok(entries.count().try_into()?)
        };
        Ok(Self {
            memory,
            descriptors: count("fd")?,
            threads: count("task")?,
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            memory,
            descriptors,
            threads,
        } = self;
        write!(
            f,
            "{memory} KiB, {descriptors} descriptors, {threads} threads"
        )
    }
}

/// What grew, if anything: the least of the second half beside the most of the first.
///
/// The heap is torn by another state each time, so the first rounds find out how much room there has to be;
/// what leaks goes on growing.
pub(super) fn growth(states: &[State]) -> Option<String> {
    let memory = states.iter().map(|state| state.memory).collect();
    let descriptors = states.iter().map(|state| state.descriptors).collect();
    let threads = states.iter().map(|state| state.threads).collect();
    told("KiB of memory", memory, NOISE)
        .or_else(|| told("descriptors", descriptors, 0))
        .or_else(|| told("threads", threads, 0))
}

fn told(what: &str, mut figures: Vec<u64>, noise: u64) -> Option<String> {
    let second = figures.split_off(figures.len() / 2);
    let (before, after) = (figures.into_iter().max()?, second.into_iter().min()?);
    (after > before + noise).then(|| format!("{what} grew from {before} to {after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(memory: [u64; 4], descriptors: u64) -> Vec<State> {
        let state = |(nth, memory)| State {
            memory,
            descriptors: if nth < 2 { 20 } else { descriptors },
            threads: 4,
        };
        memory.into_iter().enumerate().map(state).collect()
    }

    #[test]
    fn noise_of_the_heap_is_no_growth() {
        assert_eq!(growth(&states([9000, 12_000, 11_000, 13_500], 20)), None);
    }

    #[test]
    fn what_goes_on_growing_is_told() {
        let grown = growth(&states([9000, 12_000, 15_000, 18_000], 20));
        assert_eq!(grown.unwrap(), "KiB of memory grew from 12000 to 15000");
        let grown = growth(&states([9000; 4], 21));
        assert_eq!(grown.unwrap(), "descriptors grew from 20 to 21");
    }
}
