//! The `moto` of Python's package index, a server of buckets that speaks S3 and keeps them in memory.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Raw;

/// What is not signed at all may see nothing; whether a signature is true is not looked at.
const SIGNED: &str = "authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
    SignedHeaders=host, Signature=none";

/// A running server; dropping it ends it.
pub struct Buckets {
    child: Child,
    address: SocketAddr,
}

impl Buckets {
    /// Starts with one bucket, and asks nobody for a key.
    pub fn with(bucket: &str) -> Self {
        Self::start(bucket, usize::MAX)
    }

    /// Starts with one bucket that no key opens.
    pub fn locked(bucket: &str) -> Self {
        Self::start(bucket, 1)
    }

    /// The first so many requests need no key.
    fn start(bucket: &str, open: usize) -> Self {
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/moto_server");
        let child = Command::new(&program)
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
            line.split_once("http://")?.1.trim().parse().ok()
        });
        std::thread::spawn(move || lines.for_each(drop));
        let buckets = Self {
            child,
            address: address.expect("the address where it listens"),
        };
        let made = buckets.ask("PUT", &format!("/{bucket}"), b"");
        assert_eq!(made.0, 200, "the bucket is not made");
        buckets
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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
        let mut connection = Raw::connect(self.address);
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
