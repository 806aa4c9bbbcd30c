//! `pendopo drain`: has the running server send a target no new requests, and waits until it is empty.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{DrainOptions, RoleName};
use crate::config::Config;
use crate::console::say;
use crate::control::{DrainRequest, Request, ask};

pub(super) fn run(config: &Config, options: DrainOptions) -> Result<ExitCode> {
    let within = options.within.duration().as_millis();
    let request = if options.undo {
        Request::Resume(options.target)
    } else {
        Request::Drain(DrainRequest {
            target: options.target,
            force: options.force,
            within_ms: u64::try_from(within).unwrap_or(u64::MAX),
        })
    };
    say(ask(&config.data, RoleName::Edge, &request)?);
    Ok(ExitCode::SUCCESS)
}
