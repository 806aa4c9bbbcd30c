//! The program's own log: to standard error, for people at a terminal, as JSON elsewhere.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{fmt, registry};

use crate::config::{Format, Level, LogConfig};

/// The crates whose messages obey the level that is set.
const OURS: [&str; 7] = [
    "edge",
    "lifecycle",
    "pendopo",
    "school",
    "store",
    "traffic",
    "web",
];

/// Starts the log. What other people's crates have to say below a warning is never written: it holds headers and
/// cookies.
pub(crate) fn start(config: &LogConfig) {
    let level = level(config.level);
    let ours = OURS.iter().map(|name| (*name, level));
    let filter = Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(ours);
    let is_human = match config.format {
        Format::Auto => io::stderr().is_terminal(),
        Format::Human => true,
        Format::Json => false,
    };
    let layer = fmt::layer().with_writer(io::stderr);
    let layer = if is_human {
        layer.with_ansi(io::stderr().is_terminal()).boxed()
    } else {
        layer.json().flatten_event(true).boxed()
    };
    // A second start in one process would be a fault of ours, and the first log goes on.
    let _ = registry().with(layer.with_filter(filter)).try_init();
}

fn level(level: Level) -> LevelFilter {
    match level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}
