//! Running the binary to its end.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The binary in a directory of the test's own, with an empty environment.
pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pendopo"));
    command.current_dir(directory).env_clear();
    command
}

/// Runs it with these words.
pub(crate) fn run(directory: &Path, words: &[&str]) -> Ended {
    end(command(directory).args(words))
}

/// Runs it as it was told to, with nothing on standard input.
pub(crate) fn end(command: &mut Command) -> Ended {
    let output = command.stdin(Stdio::null()).output();
    Ended::of(&output.expect("the binary can be started"))
}

/// Runs it with these words and this text on standard input.
pub(crate) fn run_with_input(directory: &Path, words: &[&str], input: &str) -> Ended {
    let mut command = command(directory);
    let command = command
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary can be started");
    let mut stdin = child.stdin.take().expect("standard input is a pipe");
    stdin.write_all(input.as_bytes()).expect("the binary reads");
    drop(stdin);
    Ended::of(&child.wait_with_output().expect("the binary ends"))
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// What it printed, if it did what it should.
    pub(crate) fn good(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        &self.stdout
    }

    /// The one line of complaint of a run that ended with this code.
    pub(crate) fn complaint(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "nothing but the complaint is said");
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        self.stderr.trim_end()
    }
}
