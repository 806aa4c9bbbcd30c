//! Debian's Redis, thrown away with the test: a directory and a port of its own, everything appended to a file.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PROGRAM: &str = "redis-server";
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; dropping it ends it.
pub struct Server {
    directory: TempDir,
    port: u16,
    settings: Vec<(String, String)>,
    /// A sentinel's file, which it writes itself.
    is_sentinel: bool,
    running: Option<Child>,
}

impl Default for Server {
    fn default() -> Self {
        Self::with(&[])
    }
}

impl Server {
    /// Starts with these settings besides. `DIR` in one is the server's directory, `PORT` its port.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        Self::start_new(settings, false)
    }

    /// A sentinel that watches this server under a name.
    pub fn sentinel(service: &str, watched: SocketAddr) -> Self {
        let watch = format!("{service} {} {} 1", watched.ip(), watched.port());
        Self::start_new(&[("sentinel monitor", &watch)], true)
    }

    fn start_new(settings: &[(&str, &str)], is_sentinel: bool) -> Self {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let mut server = Self {
            directory: TempDir::new().expect("a directory"),
            port: 0,
            settings: settings.iter().map(owned).collect(),
            is_sentinel,
            running: None,
        };
        // A port that was free may be taken by the time that the program binds it.
        let started = (0..5).any(|_| {
            server.port = free();
            server.try_start()
        });
        assert!(started, "Redis does not start: {}", server.log());
        server
    }

    /// Starts again after [`Server::kill`], at the same port.
    pub fn start(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let begun = Instant::now();
        while !self.try_start() {
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not start: {}",
                self.log()
            );
        }
    }

    fn try_start(&mut self) -> bool {
        let file = self.directory.path().join("redis.conf");
        fs::write(&file, self.configuration()).expect("a directory that can be written");
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.directory.path().join("log"))
            .expect("a log");
        // It ends with the thread that starts it.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--", PROGRAM])
            .arg(&file);
        if self.is_sentinel {
            command.arg("--sentinel");
        }
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!(
                "`{PROGRAM}` can't be started ({error}): run `cargo xtask test`, or install the Debian package `redis-server`"
            )
        });
        let begun = Instant::now();
        while !self.answers() {
            if child.try_wait().expect("its state").is_some() {
                return false;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it is not ready: {}",
                self.log()
            );
            yield_now();
        }
        self.running = Some(child);
        true
    }

    /// It has read its file. One that speaks TLS alone closes the connection, which is an answer too.
    fn answers(&self) -> bool {
        let Ok(mut socket) = TcpStream::connect(self.address()) else {
            return false;
        };
        let mut said = [0; 64];
        let asked = socket.write_all(b"PING\r\n");
        let is_answered = asked.is_ok() && socket.read(&mut said).is_ok();
        !is_answered || !said.starts_with(b"-LOADING")
    }

    fn configuration(&self) -> String {
        let directory = self.directory.path().display().to_string();
        let mut lines = vec![format!("dir {directory}"), "bind 127.0.0.1".to_owned()];
        if !self.is_sentinel {
            lines.extend(["appendonly yes", "appendfsync always", "save \"\""].map(str::to_owned));
        }
        let encrypts = self.settings.iter().any(|(key, _)| key == "tls-port");
        if !encrypts {
            lines.push(format!("port {}", self.port));
        }
        for (key, value) in &self.settings {
            let value = value
                .replace("DIR", &directory)
                .replace("PORT", &self.port.to_string());
            lines.push(format!("{key} {value}"));
        }
        lines.join("\n")
    }

    /// Sets something for the next start.
    pub fn set(&mut self, key: &str, value: &str) {
        self.settings.retain(|(known, _)| known != key);
        self.settings.push((key.to_owned(), value.to_owned()));
    }

    /// Ends it as a power failure of the process would.
    pub fn kill(&mut self) {
        let mut child = self.running.take().expect("it runs");
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// How a program reaches it.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Runs commands, one a line, words apart by spaces; answers the last bytes of what it says to all of them.
    pub fn run(&self, commands: &str) -> String {
        let mut socket = TcpStream::connect(self.address()).expect("a connection");
        let whole = format!("{commands}\r\nQUIT\r\n");
        socket.write_all(whole.as_bytes()).expect("it is sent");
        let mut said = String::new();
        socket.read_to_string(&mut said).expect("it answers");
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A port that nobody listens on.
fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
