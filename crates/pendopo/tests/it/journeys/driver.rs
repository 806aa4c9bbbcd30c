//! A `chromedriver` of one's own, and the Chromium that it starts.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::webdriver::Endpoint;

/// What keeps Chromium from calling home, and lets it run as root in a container.
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// The driver's process; it ends with this value.
pub(crate) struct Driver {
    process: Child,
    /// Kept open, so that the driver can go on writing.
    _output: BufReader<ChildStdout>,
    profile: TempDir,
    pub(crate) endpoint: Endpoint,
}

impl Driver {
    pub(crate) fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed: `cargo xtask test` brings it");
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let port = port(&mut output);
        Self {
            process,
            _output: output,
            profile: TempDir::new().unwrap(),
            endpoint: Endpoint { port },
        }
    }

    /// What a session asks for: a screen, the languages that the browser wants, and patience with our certificate.
    pub(crate) fn capabilities(&self, languages: &str, screen: &Value) -> Value {
        let mut flags: Vec<String> = FLAGS.iter().map(ToString::to_string).collect();
        flags.push(format!("--user-data-dir={}", self.profile.path().display()));
        flags.push(format!(
            "--window-size={},{}",
            screen["width"], screen["height"]
        ));
        let options = json!({"args": flags, "prefs": {"intl.accept_languages": languages}});
        json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "acceptInsecureCerts": true,
            "timeouts": {"implicit": 10_000, "pageLoad": 30_000},
            "goog:chromeOptions": options,
        }}})
    }
}

/// The driver says on which port it listens.
fn port(output: &mut impl BufRead) -> u16 {
    let mut lines = output.lines().map(Result::unwrap);
    let line = lines
        .find(|line| line.contains("successfully on port "))
        .expect("chromedriver names its port");
    let digits = line
        .rsplit("on port ")
        .next()
        .unwrap_or_default()
        .trim_end_matches('.');
    digits.parse().expect("chromedriver's port is a number")
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The session was ended before, and the browser with it; nothing is left to be asked nicely.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
