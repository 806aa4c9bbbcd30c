//! Debian's `pebble`, a certificate authority for tests, with its name server, on ports of its own.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::{Authority, Forwarder, Raw, Trust, eventually, free};

/// A running authority; dropping it ends its programs.
pub struct Pebble {
    /// Between the edge and the authority.
    pub way_in: Forwarder,
    /// Between the authority and the edge's plain listener.
    pub http: Forwarder,
    /// Between the authority and the edge's HTTPS listener.
    pub https: Forwarder,
    programs: Vec<Child>,
    directory: TempDir,
    authority: Authority,
    management: SocketAddr,
    /// Where the name server is told what names mean.
    names: SocketAddr,
}

impl Pebble {
    /// Starts with certificates that last an hour.
    pub fn start() -> Self {
        Self::with(&[], 3600)
    }

    /// Starts with these variables, and certificates that last so many seconds.
    pub fn with(variables: &[(&str, &str)], validity_seconds: u64) -> Self {
        let (directory, authority) = (
            tempfile::tempdir().expect("a directory"),
            Authority::default(),
        );
        let mut pebble = Self {
            way_in: Forwarder::default(),
            http: Forwarder::default(),
            https: Forwarder::default(),
            programs: Vec::new(),
            directory,
            authority,
            management: free(),
            names: free(),
        };
        // A port that was free may be taken by the time that the program binds it.
        let started = (0..5).any(|_| pebble.try_start(variables, validity_seconds));
        assert!(started, "pebble does not start");
        pebble
    }

    fn try_start(&mut self, variables: &[(&str, &str)], validity_seconds: u64) -> bool {
        let (names, listen) = (free(), free());
        (self.management, self.names) = (free(), free());
        let config = self.configure(listen, validity_seconds);
        let mut dns = Command::new(program("pebble-challtestsrv"));
        dns.args([
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
            "-defaultIPv6",
            "",
        ]);
        dns.args([
            "-dns01",
            &names.to_string(),
            "-management",
            &self.names.to_string(),
        ]);
        let mut authority = Command::new(program("pebble"));
        authority.arg("-config").arg(config);
        authority.args(["-dnsserver", &names.to_string()]);
        authority.envs([
            ("PEBBLE_VA_NOSLEEP", "1"),
            ("PEBBLE_WFE_NONCEREJECT", "0"),
            ("PEBBLE_AUTHZREUSE", "0"),
        ]);
        authority.envs(variables.iter().copied());
        let log = fs::File::create(self.directory.path().join("log")).expect("a file");
        dns.stdout(Stdio::null()).stderr(Stdio::null());
        authority
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log);
        self.programs = [dns, authority]
            .map(|mut program| program.spawn().expect("a program that starts"))
            .into();
        let mut ended = false;
        eventually("pebble", || {
            let exits = self
                .programs
                .iter_mut()
                .map(|program| program.try_wait().expect("a child"));
            ended = exits.flatten().count() > 0;
            ended
                || [names, listen, self.management, self.names]
                    .iter()
                    .all(is_open)
        });
        if ended {
            self.end();
        }
        self.way_in.lead_to(listen);
        !ended
    }

    fn configure(&self, listen: SocketAddr, validity_seconds: u64) -> PathBuf {
        let (certificate, key) = self.authority.issue(self.directory.path(), &["127.0.0.1"]);
        let config = json!({ "pebble": {
            "listenAddress": listen.to_string(),
            "managementListenAddress": self.management.to_string(),
            "certificate": certificate,
            "privateKey": key,
            "httpPort": self.http.port(),
            "tlsPort": self.https.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "certificateValidityPeriod": validity_seconds,
        }});
        let path = self.directory.path().join("config.json");
        fs::write(&path, config.to_string()).expect("a file");
        path
    }

    /// Its directory, by way of `way_in`.
    pub fn url(&self) -> String {
        format!("https://{}/dir", self.way_in.address())
    }

    /// A PEM file with the root by which its own address is known.
    pub fn root(&self) -> PathBuf {
        self.authority.root(self.directory.path())
    }

    /// What a browser that knows this authority trusts.
    pub fn trust(&self) -> Trust {
        let mut client = self.authority.trust().connect(self.management, "127.0.0.1");
        let answer = client.exchange("GET /roots/0 HTTP/1.1\r\nhost: a\r\n\r\n");
        let path = self.directory.path().join("issuer.pem");
        fs::write(&path, answer.body).expect("a file");
        Trust::read(&path)
    }

    /// How many orders were placed.
    pub fn orders(&self) -> usize {
        let log = self.log();
        log.lines()
            .filter(|line| line.contains("Added order"))
            .count()
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).expect("a log")
    }

    /// From now on the authority's name server can't say what this name means (`SERVFAIL`).
    pub fn lose(&self, name: &str) {
        self.tell_names("/set-servfail", name);
    }

    /// The opposite of `lose`.
    pub fn find(&self, name: &str) {
        self.tell_names("/clear-servfail", name);
    }

    fn tell_names(&self, path: &str, name: &str) {
        let body = json!({ "host": name }).to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = Raw::connect(self.names).exchange(request);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    fn end(&mut self) {
        for mut program in self.programs.drain(..) {
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

impl Drop for Pebble {
    fn drop(&mut self) {
        self.end();
    }
}

/// Debian's place for it, whether or not the caller's PATH names it.
fn program(name: &str) -> PathBuf {
    let path = Path::new("/usr/bin").join(name);
    assert!(
        path.exists(),
        "{} is missing: run `cargo xtask test`, or install the Debian package `pebble`",
        path.display()
    );
    path
}

fn is_open(address: &SocketAddr) -> bool {
    std::net::TcpStream::connect(address).is_ok()
}
