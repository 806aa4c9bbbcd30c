//! Debian's `PgBouncer` in front of a server, handing each transaction to whichever connection is free.

use std::fs;
use std::net::TcpStream;
use std::process::Command;

use tempfile::TempDir;

use super::programs::{as_server, give_to_server, program};
use super::{NAME, Server};
use crate::daemon::{Daemon, Program};

/// The pooler, with the port of the server behind it.
pub struct PgBouncer {
    behind: u16,
}

/// A running pooler; dropping it ends it.
pub type Pooler = Daemon<PgBouncer>;

impl Pooler {
    /// Starts in front of this server.
    pub fn before(server: &Server) -> Self {
        let behind = server.address().port();
        let directory = TempDir::new().expect("a directory");
        Self::start_new(PgBouncer { behind }, directory)
    }
}

impl Program for PgBouncer {
    const NAME: &str = "PgBouncer";

    fn command(&self, pooler: &Pooler) -> Command {
        let (place, port) = (pooler.directory().display(), pooler.address().port());
        let config = format!(
            "[databases]\n{NAME} = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir = {place}\nauth_type = trust\nauth_file = {place}/users\npool_mode = transaction\n\
             default_pool_size = 8\n",
            self.behind
        );
        let path = pooler.file("pgbouncer.ini");
        fs::write(&path, config).expect("a directory that can be written");
        let users = format!("\"{NAME}\" \"\"\n");
        fs::write(pooler.file("users"), users).expect("a directory that can be written");
        give_to_server(pooler.directory());
        let mut command = as_server(&program("pgbouncer"));
        command.arg(path);
        command
    }

    fn answers(&self, pooler: &Pooler) -> bool {
        TcpStream::connect(pooler.address()).is_ok()
    }
}
