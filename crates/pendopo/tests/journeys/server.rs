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
            .arg("--data")
            .arg(data.path().join("data"))
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
        let greeting = greeting(BufReader::new(process.stdout.take().unwrap()));
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

/// The lines up to the address of the private listener, and on to the password and the last hint.
fn greeting(output: impl BufRead) -> Vec<String> {
    let mut lines = Vec::new();
    for line in output.lines().map(Result::unwrap) {
        let is_last = line.contains("curl");
        lines.push(line);
        if is_last {
            return lines;
        }
    }
    panic!("the server ended before it was ready: {lines:#?}");
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
            let log = std::fs::read_to_string(self.data.path().join("server.log"));
            eprintln!("the server's log:\n{}", log.unwrap_or_default());
        }
    }
}
