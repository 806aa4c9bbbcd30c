//! A program that serves at a port and logs to a file: started for a test, killed, and started again at the same port.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks whether something has come true.
const PAUSE: Duration = Duration::from_millis(5);

/// What runs: how it is started in its directory and at its port, and when it answers there.
pub trait Program: Sized {
    /// What its failures are told of.
    const NAME: &str;

    /// What starts it.
    fn command(&self, server: &Daemon<Self>) -> Command;

    /// It serves.
    fn answers(&self, server: &Daemon<Self>) -> bool;

    /// Ends it as a power failure of the process would, with the processes that it started.
    fn kill(_server: &Daemon<Self>, child: &mut Child) {
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }

    /// Ends it for good.
    fn end(child: &mut Child) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A running program; dropping it ends it.
pub struct Daemon<P: Program> {
    pub(crate) program: P,
    directory: TempDir,
    port: u16,
    running: Option<Child>,
}

impl<P: Program> Daemon<P> {
    /// Starts at a port of its own.
    pub(crate) fn start_new(program: P, directory: TempDir) -> Self {
        let mut server = Self {
            program,
            directory,
            port: 0,
            running: None,
        };
        // A port that was free may be taken by the time that the program binds it.
        let started = (0..5).any(|_| {
            server.port = free_port();
            server.try_start()
        });
        assert!(started, "{} does not start: {}", P::NAME, server.log());
        server
    }

    /// Starts again after it ended, at the same port.
    pub fn start(&mut self) {
        assert!(self.running.is_none(), "it runs");
        // The processes of one that was killed let go of what they held in their own time.
        let begun = Instant::now();
        while !self.try_start() {
            let is_late = begun.elapsed() > PATIENCE;
            assert!(!is_late, "{} does not start: {}", P::NAME, self.log());
        }
    }

    fn try_start(&mut self) -> bool {
        let mut log = File::options();
        let log = log.create(true).append(true).open(self.file("log"));
        let log = log.expect("a log");
        let mut command = self.program.command(self);
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        let mut child = command.spawn().unwrap_or_else(|error| {
            let name = P::NAME;
            panic!("{name} can't be started ({error}): `cargo xtask test` installs it")
        });
        let begun = Instant::now();
        while !self.program.answers(self) {
            if child.try_wait().expect("its state").is_some() {
                return false;
            }
            let is_late = begun.elapsed() > PATIENCE;
            assert!(!is_late, "{} is not ready: {}", P::NAME, self.log());
            park_timeout(PAUSE);
        }
        self.running = Some(child);
        true
    }

    /// Ends it as a power failure would: nothing of it answers any more.
    pub fn kill(&mut self) {
        let mut child = self.take();
        P::kill(self, &mut child);
        let begun = Instant::now();
        while TcpStream::connect(self.address()).is_ok() {
            assert!(begun.elapsed() < PATIENCE, "{} does not end", P::NAME);
            park_timeout(PAUSE);
        }
    }

    /// The process, which the caller ends.
    pub(crate) fn take(&mut self) -> Child {
        self.running.take().expect("it runs")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A file in its directory.
    pub(crate) fn file(&self, name: &str) -> std::path::PathBuf {
        self.directory().join(name)
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.file("log")).unwrap_or_default()
    }
}

impl<P: Program> Drop for Daemon<P> {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            P::end(&mut child);
        }
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Its address.
pub fn free() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], free_port()))
}
