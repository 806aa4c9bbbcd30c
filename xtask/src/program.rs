//! Runs other programs, shows what is run, and turns a failure into one clear line.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// One line for the person who started the chore.
pub(crate) fn say(line: &str) {
    // A closed pipe (`cargo xtask ci | head`) must not fail the chore.
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// The one line that says why the chore failed.
pub(crate) fn complain(line: &str) {
    drop(writeln!(std::io::stderr(), "error: {line}"));
}

/// Cargo, started in the repository's root.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root);
    command
}

/// Cargo without incremental compilation, whose caches take as much room as what they are for.
pub(crate) fn frugal_cargo(root: &Path) -> Command {
    let mut command = cargo(root);
    command.env("CARGO_INCREMENTAL", "0");
    command
}

/// Runs to the end, with its output shown; any exit but 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    say(&format!("$ {line}"));
    let status = command.stdin(Stdio::null()).status();
    let status = status.with_context(|| format!("`{line}` did not start"))?;
    if !status.success() {
        bail!("`{line}` failed with {status}");
    }
    Ok(())
}

/// Runs to the end and returns what it printed; any exit but 0 is an error that shows its messages.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = shown(command);
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("`{line}` did not start"))?;
    text(output).with_context(|| format!("`{line}` failed"))
}

fn text(output: Output) -> Result<String> {
    if !output.status.success() {
        let messages = String::from_utf8_lossy(&output.stderr);
        bail!("{}: {}", output.status, messages.trim());
    }
    String::from_utf8(output.stdout).context("it printed something that is no text")
}

/// Sends a signal to one process that this chore started.
pub(crate) fn signal(id: u32, signal: Signal) {
    if let Some(id) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        // A failure means that it is gone already, which is what was wanted.
        let _ = kill_process(id, signal);
    }
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_program_is_named_with_its_message() {
        let error = output(Command::new("ls").arg("/no/such/place")).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains("`ls /no/such/place` failed"), "{message}");
        assert!(message.contains("No such file"), "{message}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("`no-such-program` did not start")
        );
    }
}
