//! Talking to the person at the terminal: text on standard output, complaints on standard error, passwords read in.

mod progress;

use std::fmt::Display;
use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};

use crate::cli::PasswordOptions;

pub(crate) use progress::Stages;

/// Writes a line to standard output. Nobody may be reading any more, which is no fault.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Writes an error with its causes to standard error, each of its lines by itself.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut stderr = io::stderr().lock();
    for line in format!("{error:#}").lines() {
        let _ = writeln!(stderr, "pendopo: {line}");
    }
}

/// Reads the password that the options ask for; `None` if they ask for none.
pub(crate) fn password(options: &PasswordOptions) -> Result<Option<SecretString>> {
    match &options.password_file {
        Some(path) if path == Path::new("-") => {
            first_line(&read_line(&mut io::stdin().lock())?).map(Some)
        }
        Some(path) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("can't read {}", path.display()))?;
            first_line(&text).map(Some)
        }
        None if options.prompt => ask().map(Some),
        None => Ok(None),
    }
}

fn first_line(text: &str) -> Result<SecretString> {
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.into()),
        _ => bail!("there is no password in the first line"),
    }
}

/// Asks twice, without showing what is typed.
fn ask() -> Result<SecretString> {
    if !io::stdin().is_terminal() {
        bail!(
            "there is no terminal to ask at: give the password by `--password-file FILE`, or `-` for standard input"
        );
    }
    let (one, other) = (hidden("Password: ")?, hidden("Again: ")?);
    if one.expose_secret() != other.expose_secret() {
        bail!("the two passwords differ: try again");
    }
    Ok(one)
}

fn hidden(question: &str) -> Result<SecretString> {
    let mut stderr = io::stderr().lock();
    // Quiet before the question: an answer that follows it at once is neither shown nor thrown away.
    let quiet = Quiet::begin()?;
    write!(stderr, "{question}")?;
    stderr.flush()?;
    let line = read_line(&mut io::stdin().lock())?;
    drop(quiet);
    writeln!(stderr)?;
    first_line(&line)
}

fn read_line(input: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    input
        .read_line(&mut line)
        .context("can't read the password")?;
    Ok(line)
}

/// While it lives, the terminal does not show what is typed.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // A terminal that went away in the meantime shows nothing anyway.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
