//! Debian's Redis, thrown away with the test: a directory and a port of its own, everything appended to a file.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::{Daemon, Program};

/// The server, with what it is told besides its defaults.
pub struct Redis {
    settings: Vec<(String, String)>,
    /// A sentinel's file, which it writes itself.
    is_sentinel: bool,
}

/// A running server; dropping it ends it.
pub type Server = Daemon<Redis>;

impl Default for Server {
    fn default() -> Self {
        Self::with(&[])
    }
}

impl Server {
    /// Starts with these settings besides. `DIR` in one is the server's directory, `PORT` its port.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        Self::of(settings, false)
    }

    /// A sentinel that watches this server under a name.
    pub fn sentinel(service: &str, watched: SocketAddr) -> Self {
        let watch = format!("{service} {} {} 1", watched.ip(), watched.port());
        Self::of(&[("sentinel monitor", &watch)], true)
    }

    fn of(settings: &[(&str, &str)], is_sentinel: bool) -> Self {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let redis = Redis {
            settings: settings.iter().map(owned).collect(),
            is_sentinel,
        };
        Self::start_new(redis, TempDir::new().expect("a directory"))
    }

    /// Sets something for the next start.
    pub fn set(&mut self, key: &str, value: &str) {
        self.program.settings.retain(|(known, _)| known != key);
        self.program
            .settings
            .push((key.to_owned(), value.to_owned()));
    }

    /// How a program reaches it.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
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

impl Program for Redis {
    const NAME: &str = "Redis";

    fn command(&self, server: &Server) -> Command {
        let file = server.file("redis.conf");
        fs::write(&file, self.configuration(server)).expect("a directory that can be written");
        // It ends with the thread that starts it.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--", "redis-server"]);
        command.arg(&file);
        if self.is_sentinel {
            command.arg("--sentinel");
        }
        command
    }

    /// It has read its file. One that speaks TLS alone closes the connection, which is an answer too.
    fn answers(&self, server: &Server) -> bool {
        let Ok(mut socket) = TcpStream::connect(server.address()) else {
            return false;
        };
        let mut said = [0; 64];
        let asked = socket.write_all(b"PING\r\n");
        let is_answered = asked.is_ok() && socket.read(&mut said).is_ok();
        !is_answered || !said.starts_with(b"-LOADING")
    }
}

impl Redis {
    fn configuration(&self, server: &Server) -> String {
        let directory = server.directory().display().to_string();
        let port = server.address().port().to_string();
        let mut lines = vec![format!("dir {directory}"), "bind 127.0.0.1".to_owned()];
        if !self.is_sentinel {
            lines.extend(["appendonly yes", "appendfsync always", "save \"\""].map(str::to_owned));
        }
        let encrypts = self.settings.iter().any(|(key, _)| key == "tls-port");
        if !encrypts {
            lines.push(format!("port {port}"));
        }
        for (key, value) in &self.settings {
            let value = value.replace("DIR", &directory).replace("PORT", &port);
            lines.push(format!("{key} {value}"));
        }
        lines.join("\n")
    }
}
