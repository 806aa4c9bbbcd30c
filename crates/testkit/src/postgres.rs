//! Debian's PostgreSQL, thrown away with the test: a data directory, a socket and a port of its own.

mod pooler;
mod programs;
mod template;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::yield_now;
use std::time::{Duration, Instant};

use tempfile::TempDir;

pub use pooler::Pooler;
use programs::{as_server, give_to_server, program};

/// The role and the database that every server has; the role's password is [`PASSWORD`].
pub const NAME: &str = "pendopo";
/// The role's password, for servers that ask for one.
pub const PASSWORD: &str = "rahasia sekali";
/// Whoever comes is let in.
const TRUST: &str = "local all all trust\nhost all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n";
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; dropping it ends it.
pub struct Server {
    directory: TempDir,
    port: u16,
    settings: Vec<(String, String)>,
    running: Option<Child>,
}

impl Default for Server {
    fn default() -> Self {
        Self::with(TRUST, &[])
    }
}

impl Server {
    /// Starts with these lines of `pg_hba.conf` and these settings.
    pub fn with(access: &str, settings: &[(&str, &str)]) -> Self {
        let directory = TempDir::new().expect("a directory");
        template::copy(&directory.path().join("data"));
        Self::from_directory(directory, access, settings)
    }

    /// Copies a running server's data, and follows it as a replica from then on.
    pub fn replica(primary: &Self) -> Self {
        let directory = TempDir::new().expect("a directory");
        give_to_server(directory.path());
        let mut copy = as_server(&program("pg_basebackup"));
        copy.args([
            "-h",
            "127.0.0.1",
            "-U",
            "postgres",
            "-X",
            "stream",
            "-c",
            "fast",
            "-R",
        ]);
        copy.arg("-p").arg(primary.port.to_string());
        copy.arg("-D").arg(directory.path().join("data"));
        run(&mut copy);
        Self::from_directory(directory, TRUST, &[])
    }

    fn from_directory(directory: TempDir, access: &str, settings: &[(&str, &str)]) -> Self {
        give_to_server(directory.path());
        let mut server = Self {
            directory,
            port: 0,
            settings: settings
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            running: None,
        };
        server.write("data/pg_hba.conf", access);
        // A port that was free may be taken by the time that the program binds it.
        let started = (0..5).any(|_| {
            server.port = free();
            server.try_start()
        });
        assert!(started, "PostgreSQL does not start: {}", server.log());
        server
    }

    /// Starts again after [`Server::kill`] or [`Server::stop`], at the same port.
    pub fn start(&mut self) {
        assert!(self.running.is_none(), "it runs");
        // The processes of the one that was killed let go of its memory in their own time.
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
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.directory.path().join("log"))
            .expect("a log");
        let mut command = as_server(&program("postgres"));
        command.arg("-D").arg(self.directory.path().join("data"));
        command.arg("-k").arg(self.directory.path());
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        for (key, value) in &self.settings {
            command.arg("-c").arg(format!("{key}={value}"));
        }
        command.stdin(Stdio::null());
        command.stdout(log.try_clone().expect("a log")).stderr(log);
        let mut child = command.spawn().expect("PostgreSQL can be started");
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
        }
        self.running = Some(child);
        true
    }

    fn answers(&self) -> bool {
        let asked = Command::new(program("pg_isready"))
            .arg("-q")
            .arg("-h")
            .arg(self.directory.path())
            .args(["-p", &self.port.to_string()])
            .status();
        asked.is_ok_and(|status| status.success())
    }

    /// Ends it as a power failure would: nothing of it answers any more.
    pub fn kill(&mut self) {
        let mut child = self.running.take().expect("it runs");
        let serving = programs::children(child.id());
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        // They would notice by themselves, after they had answered once more.
        serving.into_iter().for_each(programs::kill);
        self.must_be_gone();
    }

    /// Ends it in order: whoever is connected is told.
    pub fn stop(&mut self) {
        let mut child = self.running.take().expect("it runs");
        run(as_server(&program("pg_ctl"))
            .args(["stop", "-s", "-m", "fast", "-D"])
            .arg(self.directory.path().join("data")));
        child.wait().expect("it ends");
    }

    /// The processes that served connections end a moment after the first one.
    fn must_be_gone(&self) {
        let begun = Instant::now();
        while std::net::TcpStream::connect(self.address()).is_ok() {
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            yield_now();
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The directory of its socket.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// How a program reaches it.
    pub fn url(&self) -> String {
        url(self.address())
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// Writes a file for the server into its directory; answers its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, text).expect("a directory that can be written");
        give_to_server(&path);
        path
    }

    /// Runs SQL as the superuser; answers what it prints, columns apart by `|`.
    pub fn sql(&self, sql: &str) -> String {
        let mut command = Command::new(program("psql"));
        command.arg("-h").arg(self.directory.path());
        command.args(["-p", &self.port.to_string(), "-U", "postgres", "-d", NAME]);
        command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        run(&mut command)
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

/// How a program reaches a server, or whatever stands before it, as the role of tests.
pub fn url(address: SocketAddr) -> String {
    format!("postgres://{NAME}@{address}/{NAME}?sslmode=disable")
}

/// What the program prints; a failure is the test's.
fn run(command: &mut Command) -> String {
    let output = command.output().expect("a program that can be started");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A port that nobody listens on.
fn free() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").port()
}
