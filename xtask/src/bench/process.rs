//! A started server with its children: what it costs, and how it ends.

mod cost;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::program::signal;

pub(crate) use cost::{cpu_seconds, family, memory_bytes};

/// How long a server has to end by itself before it is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a server may take to become ready.
const DEADLINE: Duration = Duration::from_mins(1);

/// A process that ends, with its children, when this is dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program whose output goes into a file.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let out = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        let command = command
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out);
        let child = command
            .spawn()
            .with_context(|| format!("starting {}", command.get_program().display()))?;
        Ok(Self {
            child,
            log: log.to_owned(),
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub(crate) fn printed(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until a question is answered; says what the process printed if it ends or takes too long.
    pub(crate) fn wait_until(&mut self, mut ready: impl FnMut(&Self) -> bool) -> Result<Duration> {
        let begun = Instant::now();
        while !ready(self) {
            let ended = self.child.try_wait()?.is_some();
            if ended || begun.elapsed() > DEADLINE {
                bail!("it did not become ready: {}", self.printed());
            }
            sleep(Duration::from_millis(1));
        }
        Ok(begun.elapsed())
    }

    /// Fails when the process ended, with what it printed.
    pub(crate) fn expect_running(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ended.map_or(Ok(()), |status| {
            bail!("it ended with {status}: {}", self.printed())
        })
    }

    fn end(&mut self) -> Result<()> {
        let family = family(&[self.id()]);
        signal(self.id(), Signal::TERM);
        let begun = Instant::now();
        while self.child.try_wait()?.is_none() && begun.elapsed() < PATIENCE {
            sleep(Duration::from_millis(10));
        }
        // A master that died at once may have left its workers.
        for id in &family {
            signal(*id, Signal::KILL);
        }
        self.child.wait()?;
        while family.iter().any(|id| cost::runs(*id)) {
            sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            crate::program::complain(&format!("process {} may still run: {error}", self.id()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_ends_with_its_children() {
        let log = std::env::temp_dir().join(format!("xtask-process-{}", std::process::id()));
        let mut script = Command::new("sh");
        script.args(["-c", "sleep 60 & echo started; wait"]);
        let mut process = Process::start(&mut script, &log).expect("sh starts");
        process
            .wait_until(|process| process.printed().contains("started"))
            .expect("it says so");
        let family = family(&[process.id()]);
        assert_eq!(family.len(), 2);
        drop(process);
        assert!(family.iter().all(|id| !cost::runs(*id)), "{family:?}");
        std::fs::remove_file(log).expect("the log is there");
    }
}
