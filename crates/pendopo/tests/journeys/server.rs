//! The real binary with a school of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A server that was just set up, as its operator sees it; it ends with this value.
pub(crate) struct Server {
    process: Child,
    data: TempDir,
    /// Where its pages are, over HTTPS.
    pub(crate) root: String,
    /// What the operator reads at the first start.
    pub(crate) one_time_password: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        let data = TempDir::new().unwrap();
        let log = File::create(data.path().join("server.log")).unwrap();
        let listeners = [
            "edge.http=127.0.0.1:0",
            "edge.https=127.0.0.1:0",
            "admin.listen=127.0.0.1:0",
        ];
        let mut process = Command::new(env!("CARGO_BIN_EXE_pendopo"))
            .arg("serve")
            .args(["--data", "data"])
            .current_dir(data.path())
            .args(
                listeners
                    .iter()
                    .chain(&["web.time_zone=WIB"])
                    .flat_map(|setting| ["--set", setting]),
            )
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let output = BufReader::new(process.stdout.take().unwrap());
        let Some(greeting) = greeting(output) else {
            panic!("the server ended before it was ready:\n{}", log_of(&data));
        };
        Self {
            process,
            data,
            root: word_with(&greeting, "https://")
                .trim_end_matches('/')
                .to_owned(),
            one_time_password: after(&greeting, "one-time password"),
        }
    }
}

/// The lines up to the last hint; `None` if the server ended before.
fn greeting(output: impl BufRead) -> Option<Vec<String>> {
    let mut lines: Vec<String> = Vec::new();
    for line in output.lines().map(Result::unwrap) {
        lines.push(line);
        if lines.last().is_some_and(|line| line.contains("curl")) {
            return Some(lines);
        }
    }
    None
}

fn log_of(data: &TempDir) -> String {
    std::fs::read_to_string(data.path().join("server.log")).unwrap_or_default()
}

fn word_with(lines: &[String], start: &str) -> String {
    let mut words = lines.iter().flat_map(|line| line.split_whitespace());
    words
        .find(|word| word.starts_with(start))
        .expect("the server prints its addresses")
        .to_owned()
}

/// The first line with text after the one that ends in `mark`.
fn after(lines: &[String], mark: &str) -> String {
    let rest = lines
        .iter()
        .skip_while(|line| !line.ends_with(mark))
        .skip(1);
    let mut texts = rest.map(|line| line.trim()).filter(|line| !line.is_empty());
    texts
        .next()
        .expect("the server prints a one-time password")
        .to_owned()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", log_of(&self.data));
        }
    }
}
