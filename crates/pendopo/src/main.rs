//! The binary: reads the command line, and does what it asks.

mod backups;
mod bootstrap;
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
mod secrets;
mod stores;
mod telemetry;
mod usage;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    commands::run(cli::Cli::parse()).unwrap_or_else(|error| {
        console::complain(&error);
        commands::exit_code(&error)
    })
}
