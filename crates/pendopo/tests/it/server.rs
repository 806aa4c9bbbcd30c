//! A running server with a data directory and ports of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use testkit::{Http2, Raw, Response, Trust};

use crate::run;

/// No test waits longer than this for the server to start or to end.
const PATIENCE: Duration = Duration::from_secs(40);

/// Ports of the system's choice, and no limit on requests, which tests send quickly.
pub(crate) const QUIET: [&str; 8] = [
    "--set",
    "edge.http=127.0.0.1:0",
    "--set",
    "edge.https=127.0.0.1:0",
    "--set",
    "admin.listen=127.0.0.1:0",
    "--set",
    "edge.limit.rate=off",
];

/// A process that was started, and may wait for something.
pub(crate) struct Starting {
    directory: PathBuf,
    child: Child,
}

impl Starting {
    /// Starts in this directory with these words besides.
    pub(crate) fn start(directory: &Path, words: &[&str]) -> Self {
        let mut command = run::command(directory);
        command.args(QUIET).args(words);
        Self::spawn(directory, command)
    }

    fn spawn(directory: &Path, mut command: Command) -> Self {
        let log = File::options()
            .create(true)
            .append(true)
            .open(directory.join("stderr"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.expect("a file for the log"));
        Self {
            directory: directory.to_owned(),
            child: command.spawn().expect("the binary can be started"),
        }
    }

    /// Waits until it is ready, and it must become so.
    pub(crate) fn ready(mut self) -> Server {
        let welcome = welcome(&mut self.child);
        let (directory, mut child) = (self.directory, self.child);
        let pid = Pid::from_child(&child);
        let (tell, ended) = channel();
        thread::spawn(move || tell.send(child.wait().expect("it can be waited for").code()));
        let server = Server {
            directory,
            pid,
            ended,
            welcome,
        };
        let (welcome, log) = (&server.welcome, server.log());
        assert!(welcome.contains("is ready"), "{welcome}{log}");
        server
    }

    /// Where it said that a role listens, while it waits for a store.
    pub(crate) fn listening(&mut self, role: &str) -> SocketAddr {
        let begun = std::time::Instant::now();
        let role = format!("\"role\":\"{role}\"");
        loop {
            let log = fs::read_to_string(self.directory.join("stderr")).expect("the log is text");
            let mut lines = log.lines().filter(|line| line.contains(&role));
            let address = lines.find_map(|line| {
                let (_, url) = line.split_once("\"url\":\"http://")?;
                url.split('/').next()?.parse().ok()
            });
            if let Some(address) = address {
                return address;
            }
            let ended = self.child.try_wait().expect("its state");
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "{log}");
            thread::yield_now();
        }
    }

    /// Asks it to end, and waits until it has; its code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("it runs");
        self.child.wait().expect("it ends").code()
    }
}

/// The server; it is killed when this goes away.
pub(crate) struct Server {
    directory: PathBuf,
    pid: Pid,
    ended: Receiver<Option<i32>>,
    welcome: String,
}

impl Server {
    /// Starts in this directory with these words besides.
    pub(crate) fn start(directory: &Path, words: &[&str]) -> Self {
        let mut command = run::command(directory);
        command.args(QUIET).args(words);
        Self::spawn(directory, command)
    }

    /// Starts by a command of the test's own, whose process is, or becomes, the server.
    pub(crate) fn spawn(directory: &Path, command: Command) -> Self {
        Starting::spawn(directory, command).ready()
    }

    /// What it printed when it was ready.
    pub(crate) fn welcome(&self) -> &str {
        &self.welcome
    }

    /// What it wrote to standard error so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.join("stderr")).expect("the log is text")
    }

    /// Waits for a text in the log.
    pub(crate) fn await_log(&self, text: &str) {
        let begun = std::time::Instant::now();
        // In JSON, a quote is escaped.
        while !self.log().replace('\\', "").contains(text) {
            assert!(begun.elapsed() < PATIENCE, "{text}: {}", self.log());
            thread::yield_now();
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> i32 {
        self.pid.as_raw_pid()
    }

    /// The server's own token.
    pub(crate) fn token(&self) -> String {
        let path = self.directory.join("data/admin-token");
        fs::read_to_string(path)
            .expect("the token's file")
            .trim()
            .to_owned()
    }

    /// The address of the first listener whose line has this scheme and word.
    fn address(&self, scheme: &str, word: &str) -> SocketAddr {
        let mut lines = self.welcome.lines().filter(|line| line.contains(word));
        let found =
            lines.find_map(|line| line.trim_start().strip_prefix(scheme)?.split('/').next());
        found
            .and_then(|address| address.parse().ok())
            .expect("an address in the welcome")
    }

    /// The private listener.
    pub(crate) fn private(&self) -> SocketAddr {
        self.address("http://", "private")
    }

    pub(crate) fn http_address(&self) -> SocketAddr {
        self.address("http://", "pages")
    }

    pub(crate) fn https_address(&self) -> SocketAddr {
        self.address("https://", "pages")
    }

    /// Where an edge by itself serves plain HTTP.
    pub(crate) fn sites_address(&self) -> SocketAddr {
        self.address("http://", "the sites")
    }

    /// A connection without encryption.
    pub(crate) fn http(&self) -> Raw {
        Raw::connect(self.http_address())
    }

    /// An encrypted connection that trusts the server's own authority.
    pub(crate) fn https(&self) -> Raw {
        self.trust().connect(self.https_address(), "127.0.0.1")
    }

    /// The same with HTTP/2.
    pub(crate) fn http2(&self) -> Http2 {
        Http2::connect(&self.trust(), self.https_address(), "127.0.0.1")
    }

    /// Trust in the server's own authority.
    pub(crate) fn trust(&self) -> Trust {
        Trust::read(&self.directory.join("data/tls/ca.pem"))
    }

    /// Asks the private listener.
    pub(crate) fn ask(&self, target: &str) -> Response {
        Raw::connect(self.private())
            .exchange(format!("GET {target} HTTP/1.1\r\nHost: admin\r\n\r\n"))
    }

    /// Asks the private listener until the answer is as it shall be.
    pub(crate) fn ask_until(&self, target: &str, is_good: impl Fn(&Response) -> bool) {
        let begun = std::time::Instant::now();
        while !is_good(&self.ask(target)) {
            assert!(
                begun.elapsed() < PATIENCE,
                "{target} stays {}",
                self.ask(target).text()
            );
            thread::yield_now();
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the server runs");
    }

    /// Waits for the end; the exit code, or none after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.ended.recv_timeout(PATIENCE).expect("the server ends")
    }

    /// Asks it to end, and expects that it does so in peace.
    pub(crate) fn stop(self) {
        self.signal(Signal::TERM);
        assert_eq!(self.code(), Some(0), "{}", self.log());
    }

    /// Kills it as a power failure would.
    pub(crate) fn kill(self) {
        self.signal(Signal::KILL);
        assert_eq!(self.code(), None);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.ended.try_recv().is_err() {
            // It may have ended in this moment, which is as good.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

/// Everything up to the line to paste, which is the last one.
fn welcome(child: &mut Child) -> String {
    let mut lines = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
    let mut text = String::new();
    let is_last = |line: &str| line.starts_with("  curl ");
    // One without pages has nothing to paste.
    let is_edge = |text: &str| text.contains("the sites") && text.contains("private:");
    while !text.lines().last().is_some_and(is_last) && !is_edge(&text) {
        if lines.read_line(&mut text).expect("text on standard output") == 0 {
            break;
        }
    }
    // Whatever it says later is read, so that it never blocks on a full pipe.
    thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    text
}

/// A request with the token and a body in JSON.
pub(crate) fn post(path: &str, token: &str, key: &str, body: &str) -> String {
    let key = if key.is_empty() {
        String::new()
    } else {
        format!("Idempotency-Key: {key}\r\n")
    };
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{key}\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends a request but for its last bytes, which are returned, and waits until the server reads its body: what it has
/// not heard of yet, it need not wait for when it ends.
pub(crate) fn begin(client: &mut Raw, request: &str) -> String {
    const GO_ON: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    let request = request.replacen("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n", 1);
    let (begun, rest) = request.split_at(request.len() - 5);
    client.send(begun);
    assert_eq!(client.read_exact(GO_ON.len()), GO_ON);
    rest.to_owned()
}

/// A request with the token.
pub(crate) fn get(path: &str, token: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n")
}
