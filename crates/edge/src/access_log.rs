//! The access log: worker threads note what happened, one writer thread formats and writes it.

mod archive;
mod clock;
mod counts;
mod file;
mod generation;
mod mask;
mod queue;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use arc_swap::ArcSwap;
use lifecycle::Facts;
use thiserror::Error;

use crate::config::LogConfig;
use crate::files;

pub(crate) use counts::LogMetrics;
pub(crate) use queue::{Note, Queue};
pub(crate) use writer::Writer;

/// Why the access log can't be written, and what to do.
#[derive(Debug, Error)]
#[error(
    "can't write the access log at {path}: {source}; make the directory writable for this user"
)]
pub struct LogError {
    path: PathBuf,
    source: io::Error,
}

/// Whether another process writes to the same file, as happens while one takes over from another. Each appends whole lines
/// under its own generation; neither begins a new file nor touches the archive meanwhile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Company(Arc<AtomicBool>);

impl Company {
    pub(crate) fn set(&self, is_there: bool) {
        self.0.store(is_there, Relaxed);
    }

    fn is_there(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// The settings in force, which a reload exchanges.
pub(crate) type InForce = Arc<ArcSwap<LogConfig>>;

/// The log, opened and not yet written.
pub(crate) struct AccessLog {
    writer: Writer,
    queues: Vec<Queue>,
    in_force: InForce,
}

impl AccessLog {
    /// Opens `access.log` in `directory` under a new generation, with one queue for each worker thread.
    pub(crate) fn open(
        directory: &Path,
        config: &LogConfig,
        threads: usize,
        metrics: &LogMetrics,
        company: Company,
    ) -> Result<Self, LogError> {
        let explain = |source| LogError {
            path: directory.to_owned(),
            source,
        };
        files::private_dir(directory).map_err(explain)?;
        let generation = generation::raise(directory).map_err(explain)?;
        let in_force: InForce = Arc::new(ArcSwap::from_pointee(config.clone()));
        let file = file::LogFile::open(directory, Arc::clone(&in_force), company);
        let file = file.map_err(explain)?;
        let (queues, shelves) = queue::make(threads);
        Ok(Self {
            writer: Writer::new(file, generation, shelves, metrics),
            queues,
            in_force,
        })
    }

    /// Where a reload puts other settings.
    pub(crate) fn in_force(&self) -> InForce {
        Arc::clone(&self.in_force)
    }

    /// States it where people look.
    pub(crate) fn state(&self, facts: &Facts) {
        facts.state(
            "edge",
            "access log",
            self.writer.path().display().to_string(),
        );
        facts.state(
            "edge",
            "log generation",
            self.writer.generation().to_string(),
        );
    }

    pub(crate) fn split(self) -> (Writer, Vec<Queue>) {
        (self.writer, self.queues)
    }
}

#[cfg(test)]
mod tests;
