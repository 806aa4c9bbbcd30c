//! `pendopo doctor`: what is really in force, found out by trying, with or without a running server.

mod backup;
mod bans;
mod certificate;
mod disk;
mod limits;
mod report;
mod sandbox;
mod secrets;
mod server;
mod store;

use std::process::ExitCode;

use school::Clock;

use crate::config::Loaded;
use report::Report;
use server::Running;

/// Examines everything, prints a line for each finding, and fails if one is a failure.
pub(super) fn run(loaded: &Loaded) -> ExitCode {
    let config = &loaded.config;
    let mut report = Report::default();
    let now = Clock::System.now();
    let running = Running::ask(config, &mut report);
    disk::examine(config, &mut report);
    secrets::examine(loaded, &mut report);
    store::examine(config, now, &mut report);
    backup::examine(config, now, &mut report);
    certificate::examine(config, running.as_ref(), now, &mut report);
    limits::examine(config, running.as_ref(), &mut report);
    bans::examine(running.as_ref(), &mut report);
    sandbox::examine(config, running.as_ref(), &mut report);
    report.conclude()
}
