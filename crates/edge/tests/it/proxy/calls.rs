//! gRPC, spoken by the implementation that most use on both sides.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use edge::config::{Protocol, UpstreamConfig};

use testkit::Authority;

use super::{app, everything_to};
use crate::house::House;

/// Python with the packages of the tests.
pub(crate) fn python() -> PathBuf {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv/bin/python");
    assert!(
        python.exists(),
        "no {}: `cargo xtask test` makes it",
        python.display()
    );
    python
}

/// A gRPC server; dropping it ends it.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(python())
            .arg(script("server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = child.stdout.as_mut().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the server's port");
        Self { child, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/proxy/calls")
        .join(name)
}

/// An upstream that is spoken to in HTTP/2.
pub(super) fn http2(targets: &[String]) -> UpstreamConfig {
    UpstreamConfig {
        protocol: Protocol::Http2,
        ..app(targets)
    }
}

/// A client's calls of this kind go well.
fn check(kind: &str) {
    let server = Server::start();
    let target = format!("http://127.0.0.1:{}", server.port);
    // gRPC's TLS knows no limits on an authority's names, which the edge's own has.
    let (authority, directory) = (Authority::default(), tempfile::tempdir().unwrap());
    let files = authority.issue(directory.path(), &["localhost"]);
    let house = House::with(|plan| {
        everything_to(http2(&[target]))(plan);
        (plan.config.tls.certificate, plan.config.tls.key) = (Some(files.0), Some(files.1));
    });
    let output = Command::new(python())
        .arg(script("client.py"))
        .arg(house.address("https").port().to_string())
        .arg(authority.root(directory.path()))
        .arg(kind)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

#[test]
fn calls_have_one_answer_with_metadata_before_and_after_it() {
    check("calls");
}

#[test]
fn the_server_knows_how_long_the_client_waits() {
    check("deadlines");
}

#[test]
fn a_server_streams() {
    check("server_streams");
}

#[test]
fn a_client_streams_more_than_a_body_may_hold() {
    check("client_streams");
}

#[test]
fn both_stream_and_nothing_is_held_back() {
    check("both");
}

#[test]
fn an_error_comes_with_its_status_and_words() {
    check("errors");
}

#[test]
fn the_server_is_told_when_a_call_is_cancelled() {
    check("cancels");
}
