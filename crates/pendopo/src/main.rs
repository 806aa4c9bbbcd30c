//! The binary: reads the command line, and does what it asks.

mod backups;
mod bootstrap;
mod certified;
mod cli;
mod commands;
mod config;
mod console;
mod control;
mod data_dir;
mod entrance;
mod private;
mod process;
mod reload;
mod render;
mod roles;
mod sandbox;
mod secret_files;
mod secrets;
mod stores;
mod telemetry;
mod usage;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

/// A sixth of a page's work less than with the C library's, and what a crowd of connections took is given back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let prepared = process::leave_no_core().context("can't forbid dumps of the memory");
    let done = prepared.and_then(|()| commands::run(cli::Cli::parse()));
    done.unwrap_or_else(|error| {
        console::complain(&error);
        commands::exit_code(&error)
    })
}
