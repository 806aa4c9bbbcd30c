//! `pendopo copy`: moves records from one engine to another, beside a running server, and proves that they are the same.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use lifecycle::Password;
use store::archive::{Origin, TablePart};
use store::copying::{After, Copied, Stage, copy};
use tokio::runtime::Builder;

use crate::cli::CopyOptions;
use crate::config::{Config, Records, StoreConfig};
use crate::console::{Stages, say};
use crate::process::Signals;
use crate::stores;
use crate::usage::Usage;

pub(super) fn run(config: &Config, options: &CopyOptions) -> Result<ExitCode> {
    let from = place(
        config,
        ("--from", &options.from),
        options.from_password_file.as_deref(),
    )?;
    let to = place(
        config,
        ("--to", &options.to),
        options.to_password_file.as_deref(),
    )?;
    if from.records == to.records {
        return Err(wrong("`--from` and `--to` name the same records"));
    }
    stores::must_be_whole(&config.data)?;
    stores::prepare(&from)?;
    let after = if options.hold {
        After::Frozen
    } else {
        After::Open
    };
    let (from, to) = (stores::origin(&from), stores::origin(&to));
    let copied = copied(&from, &to, after)?;
    tell(&copied, options);
    if options.hold {
        hold(options)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn wrong(what: &str) -> anyhow::Error {
    anyhow!(Usage(what.to_owned()))
}

/// The records at this address, with the password from this file, or else from where the configuration has it.
fn place(
    config: &Config,
    (option, address): (&str, &str),
    password_file: Option<&Path>,
) -> Result<StoreConfig> {
    let records: Records = address
        .parse()
        .map_err(|why: String| wrong(&format!("`{option}`: {why}")))?;
    if let Records::Postgres(address) = &records
        && address.password().is_some()
    {
        return Err(wrong(&format!(
            "`{option}` holds a password, which everybody on this machine can read in the list of processes: change that \
             password, write the new one into a file, and name it by `{option}-password-file`"
        )));
    }
    let records_password = password_file.map_or_else(
        || config.store.records_password.clone(),
        |file| Password::in_file(file.to_owned()),
    );
    Ok(StoreConfig {
        records,
        records_password,
        ..StoreConfig::default()
    })
}

fn copied(from: &Origin, to: &Origin, after: After) -> Result<Copied> {
    let mut progress = Stages::new(said);
    let mut tell = |stage, done, all| progress.tell(stage, done, all);
    copy(from, to, after, &mut tell).context("nothing was copied")
}

fn said(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Moving => ("copying", "rows"),
        Stage::Proving => ("comparing", "rows"),
    }
}

fn tell(copied: &Copied, options: &CopyOptions) {
    let (rows, took) = copied.moved;
    say(format!(
        "{rows} rows were copied in {:.3} s, while others could write",
        took.as_secs_f64()
    ));
    say(format!(
        "for {:.3} s nobody could write: what {} entries of the audit trail tell was copied as well",
        copied.read_only.as_secs_f64(),
        copied.entries
    ));
    say(table(&copied.tables));
    say(format!(
        "each table was read back and is the same in both: set `store.records = \"{}\"`, and start the server",
        options.to
    ));
    if !options.hold {
        say("what is written to the old records from now on is in them alone");
    }
    say("everybody has to sign in again");
}

fn table(parts: &[TablePart]) -> String {
    let line = |name: &str, rows: &str, sha256: &str| format!("{name:<16} {rows:>10}  {sha256}");
    let lines = parts
        .iter()
        .map(|part| line(&part.name, &part.rows.to_string(), &part.sha256));
    let head = line("table", "rows", "SHA-256 of its rows");
    [head]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Keeps the old records from being written to, until somebody has put the new ones in force.
fn hold(options: &CopyOptions) -> Result<()> {
    say(format!(
        "{} can be read, and not be written to, until this command is ended: start the server on the new records, then press \
         Ctrl-C here",
        options.from
    ));
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start a runtime")?;
    runtime.block_on(async {
        let mut signals = Signals::listen().context("can't listen for signals")?;
        signals.next().await;
        Ok(())
    })
}
