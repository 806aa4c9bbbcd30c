//! Debian's PostgreSQL, thrown away with the test: a data directory, a socket and a port of its own.

mod pooler;
mod programs;
mod shared;
mod template;

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::daemon::{Daemon, Program};
pub use pooler::Pooler;
use programs::{as_server, give_to_server, program};

/// The role and the database that every server has; the role's password is [`PASSWORD`].
pub const NAME: &str = "pendopo";
/// The role's password, for servers that ask for one.
pub const PASSWORD: &str = "rahasia sekali";
/// Whoever comes is let in.
const TRUST: &str = "local all all trust\nhost all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n";

/// The server, with what it is told besides its defaults.
pub struct Postgres {
    settings: Vec<(String, String)>,
}

/// A running server; dropping it ends it.
pub type Server = Daemon<Postgres>;

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
        copy.arg("-p").arg(port(primary));
        copy.arg("-D").arg(directory.path().join("data"));
        run(&mut copy);
        Self::from_directory(directory, TRUST, &[])
    }

    fn from_directory(directory: TempDir, access: &str, settings: &[(&str, &str)]) -> Self {
        fs::write(directory.path().join("data/pg_hba.conf"), access).expect("a data directory");
        give_to_server(directory.path());
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let settings = settings.iter().map(owned).collect();
        Self::start_new(Postgres { settings }, directory)
    }

    /// Ends it in order: whoever is connected is told.
    pub fn stop(&mut self) {
        let mut child = self.take();
        run(as_server(&program("pg_ctl"))
            .args(["stop", "-s", "-m", "fast", "-D"])
            .arg(self.file("data")));
        child.wait().expect("it ends");
    }

    /// How a program reaches it.
    pub fn url(&self) -> String {
        url(self.address())
    }

    /// Writes a file for the server into its directory; answers its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        fs::write(&path, text).expect("a directory that can be written");
        give_to_server(&path);
        path
    }

    /// Runs SQL as the superuser; answers what it prints, columns apart by `|`.
    pub fn sql(&self, sql: &str) -> String {
        let mut command = Command::new(program("psql"));
        command.arg("-h").arg(self.directory());
        command.args(["-p", &port(self), "-U", "postgres", "-d", NAME]);
        command.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        run(&mut command)
    }
}

impl Program for Postgres {
    const NAME: &str = "PostgreSQL";

    fn command(&self, server: &Server) -> Command {
        let mut command = as_server(&program("postgres"));
        command.arg("-D").arg(server.file("data"));
        command.arg("-k").arg(server.directory());
        command.args(["-h", "127.0.0.1", "-p", &port(server)]);
        // In its directory, which goes with the test: what is left in `/dev/shm` would stay until the machine starts.
        command.args(["-c", "dynamic_shared_memory_type=mmap"]);
        for (key, value) in &self.settings {
            command.arg("-c").arg(format!("{key}={value}"));
        }
        command
    }

    fn answers(&self, server: &Server) -> bool {
        let mut command = Command::new(program("pg_isready"));
        command.arg("-q").arg("-h").arg(server.directory());
        let asked = command.args(["-p", &port(server)]).status();
        asked.is_ok_and(|status| status.success())
    }

    fn kill(server: &Server, child: &mut Child) {
        let serving = programs::children(child.id());
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        // They would notice by themselves, after they had answered once more.
        serving.into_iter().for_each(programs::kill);
        shared::take_away(server);
    }

    /// At once, but in order: one that is killed leaves its shared memory to the machine, which has room for 4,096.
    fn end(child: &mut Child) {
        let id = Pid::from_child(child);
        let _ = kill_process(id, Signal::QUIT);
        let _ = child.wait();
    }
}

fn port(server: &Server) -> String {
    server.address().port().to_string()
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
