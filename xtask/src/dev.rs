//! `cargo xtask dev`: the server, built and started again at each change of the source.

mod watch;

use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use rustix::process::Signal;

use crate::program::{cargo, complain, run as run_program, say, signal};
use watch::Snapshot;

/// How often the source is looked at.
const PERIOD: Duration = Duration::from_millis(300);

#[derive(Args)]
pub(crate) struct Options {
    /// What `pendopo serve` gets besides, such as `--open-api`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Goes on until it is interrupted; the server is in the same process group and ends with it.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let mut server: Option<Child> = None;
    loop {
        let built = Snapshot::take(root)?;
        match run_program(cargo(root).args(["build", "-p", "pendopo"])) {
            Ok(()) => server = Some(restart(root, options, server.take())?),
            // The server of the last good build stays, and the next change tries again.
            Err(error) => complain(&format!("{error:#}")),
        }
        while Snapshot::take(root)? == built {
            report(&mut server)?;
            sleep(PERIOD);
        }
        say("── the source changed");
    }
}

/// Lets the old server drain before the new one binds its addresses.
fn restart(root: &Path, options: &Options, old: Option<Child>) -> Result<Child> {
    if let Some(mut old) = old {
        signal(old.id(), Signal::TERM);
        old.wait().context("waiting for the old server to end")?;
    }
    let mut command = Command::new(root.join("target/debug/pendopo"));
    let command = command.current_dir(root).arg("serve").args(&options.rest);
    command.spawn().context("starting the server")
}

/// Says once when the server ended by itself.
fn report(server: &mut Option<Child>) -> Result<()> {
    if let Some(child) = server
        && let Some(status) = child.try_wait()?
    {
        say(&format!(
            "── the server ended with {status}; a change of the source starts it again"
        ));
        *server = None;
    }
    Ok(())
}
