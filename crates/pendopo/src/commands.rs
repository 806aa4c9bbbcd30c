//! One module for each subcommand, and how their failures become exit codes.

mod at_console;
mod audit;
mod backup;
mod ban;
mod certificate;
mod check;
mod copy;
mod doctor;
mod drain;
mod generate;
mod healthcheck;
mod init_secrets;
mod migrate;
mod reload;
mod render;
mod serve;
mod token;
mod user;

use std::process::ExitCode;

use anyhow::{Result, anyhow};

use crate::cli::{Cli, Command, Global};
use crate::config::{self, Faults, Loaded};
use crate::usage::Usage;

use at_console::{Console, at_console};

/// Does what the command line asks.
pub(crate) fn run(cli: Cli) -> Result<ExitCode> {
    let (global, command) = cli
        .chosen()
        .map_err(|complaint| anyhow!(Usage(complaint.to_owned())))?;
    match command {
        Command::Serve(options) => serve::run(&global, &options),
        Command::Check => Ok(check::run(&load(&global)?)),
        Command::Doctor => Ok(doctor::run(&load(&global)?)),
        Command::Healthcheck(options) => healthcheck::run(&load(&global)?.config, &options),
        Command::User(command) => user::run(&load(&global)?.config, command),
        Command::Token(command) => token::run(&load(&global)?.config, command),
        Command::Ban(command) => ban::run(&load(&global)?.config, command),
        Command::Audit(command) => audit::run(&load(&global)?.config, command),
        Command::Backup(command) => backup::run(&load(&global)?.config, command),
        Command::Copy(options) => copy::run(&load(&global)?.config, &options),
        Command::Cert(command) => certificate::run(&load(&global)?.config, command),
        Command::Drain(options) => drain::run(&load(&global)?.config, options),
        Command::Reload => reload::run(&config::data_directory(&global)?),
        Command::Migrate => migrate::run(&load(&global)?.config),
        Command::Render(command) => render::run(&command),
        Command::InitSecrets(options) => init_secrets::run(&options),
        Command::Generate { document } => Ok(generate::run(document)),
    }
}

fn load(global: &Global) -> Result<Loaded> {
    Ok(config::load(global, &[])?)
}

/// 2 for what the operator must write differently, 1 for everything else.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_usage = error.is::<Faults>() || error.is::<Usage>();
    ExitCode::from(if is_usage { 2 } else { 1 })
}
