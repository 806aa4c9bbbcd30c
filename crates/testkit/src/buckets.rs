//! The `moto` of Python's package index, a server of buckets that speaks S3 and keeps them in memory.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::{Authority, Raw, Trust};

/// What is not signed at all may see nothing; whether a signature is true is not looked at.
const SIGNED: &str = "authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
    SignedHeaders=host, Signature=none";

/// A running server; dropping it ends it.
pub struct Buckets {
    child: Child,
    address: SocketAddr,
    /// Where it speaks TLS.
    secure: Option<Secure>,
}

/// What its certificate is vouched for by.
struct Secure {
    directory: TempDir,
    authority: Authority,
}

impl Buckets {
    /// Starts with one bucket, and asks nobody for a key.
    pub fn with(bucket: &str) -> Self {
        Self::start(bucket, usize::MAX, None)
    }

    /// Starts with one bucket that no key opens.
    pub fn locked(bucket: &str) -> Self {
        Self::start(bucket, 1, None)
    }

    /// Starts with one bucket over TLS, by an authority of its own.
    pub fn over_tls(bucket: &str) -> Self {
        let directory = TempDir::new().expect("a directory");
        let authority = Authority::default();
        authority.issue(directory.path(), &["127.0.0.1"]);
        authority.root(directory.path());
        let secure = Secure {
            directory,
            authority,
        };
        Self::start(bucket, usize::MAX, Some(secure))
    }

    /// The first so many requests need no key.
    fn start(bucket: &str, open: usize, secure: Option<Secure>) -> Self {
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/moto_server");
        let mut command = Command::new(&program);
        if let Some(secure) = &secure {
            let file = |name| secure.directory.path().join(name);
            command.arg("-c").arg(file("certificate.pem"));
            command.arg("-k").arg(file("certificate.key"));
        }
        let child = command
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", open.to_string())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap_or_else(|error| {
            panic!(
                "{}: {error}; `cargo xtask test` installs it",
                program.display()
            )
        });
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let address = lines.find_map(|line| {
            let line = line.expect("text");
            line.split_once("://")?.1.trim().parse().ok()
        });
        std::thread::spawn(move || lines.for_each(drop));
        let buckets = Self {
            child,
            address: address.expect("the address where it listens"),
            secure,
        };
        let made = buckets.ask("PUT", &format!("/{bucket}"), b"");
        assert_eq!(made.0, 200, "the bucket is not made");
        buckets
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let scheme = self.secure.as_ref().map_or("http", |_| "https");
        format!("{scheme}://{}", self.address)
    }

    /// A PEM file with the authority of a server over TLS.
    pub fn root(&self) -> PathBuf {
        let secure = self.secure.as_ref().expect("it speaks TLS");
        secure.directory.path().join("root.pem")
    }

    /// What an object holds.
    pub fn read(&self, path: &str) -> Vec<u8> {
        let (status, content) = self.ask("GET", &format!("/{path}"), b"");
        assert_eq!(status, 200, "{path}");
        content
    }

    /// Puts an object there, or another in the place of one.
    pub fn write(&self, path: &str, content: &[u8]) {
        assert_eq!(
            self.ask("PUT", &format!("/{path}"), content).0,
            200,
            "{path}"
        );
    }

    fn ask(&self, method: &str, path: &str, content: &[u8]) -> (u16, Vec<u8>) {
        let mut connection = match &self.secure {
            None => Raw::connect(self.address),
            Some(secure) => {
                let trust: Trust = secure.authority.trust();
                trust.connect(self.address, "127.0.0.1")
            }
        };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{SIGNED}\r\ncontent-length: {}\r\n\r\n",
            content.len()
        );
        connection.send(head).send(content);
        let response = connection.response();
        (response.status, response.body)
    }
}

impl Drop for Buckets {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
