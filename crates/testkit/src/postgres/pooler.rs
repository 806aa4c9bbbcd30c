//! Debian's `PgBouncer` in front of a server, handing each transaction to whichever connection is free.

use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::thread::yield_now;
use std::time::Instant;

use tempfile::TempDir;

use super::programs::{as_server, give_to_server, program};
use super::{NAME, PATIENCE, Server, free};

/// A running pooler; dropping it ends it.
pub struct Pooler {
    running: Child,
    port: u16,
    _directory: TempDir,
}

impl Pooler {
    /// Starts in front of this server.
    pub fn start(server: &Server) -> Self {
        let started = (0..5).find_map(|_| Self::try_start(server));
        started.expect("PgBouncer does not start")
    }

    fn try_start(server: &Server) -> Option<Self> {
        let (directory, port) = (TempDir::new().expect("a directory"), free());
        let place = directory.path().display();
        let config = format!(
            "[databases]\n{NAME} = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir = {place}\nauth_type = trust\nauth_file = {place}/users\npool_mode = transaction\n\
             default_pool_size = 8\nlogfile = {place}/log\n",
            server.address().port()
        );
        let path = directory.path().join("pgbouncer.ini");
        std::fs::write(&path, config).expect("a directory that can be written");
        std::fs::write(directory.path().join("users"), format!("\"{NAME}\" \"\"\n"))
            .expect("a directory that can be written");
        give_to_server(directory.path());
        let mut command = as_server(&program("pgbouncer"));
        command
            .arg("-q")
            .arg(path)
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let mut running = command.spawn().expect("PgBouncer can be started");
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            if running.try_wait().expect("its state").is_some() {
                return None;
            }
            assert!(begun.elapsed() < PATIENCE, "PgBouncer is not ready");
            yield_now();
        }
        Some(Self {
            running,
            port,
            _directory: directory,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.running.kill();
        let _ = self.running.wait();
    }
}
