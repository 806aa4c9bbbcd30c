//! slowhttptest's four attacks against the running server: its slow connections keep nobody else from being served.

use std::process::{Child, Command, Stdio};

use tempfile::tempdir;
use testkit::eventually;

use crate::floods::others::Others;
use crate::server::Server;

/// Slow connections, of the 512 that one address may have.
const CONNECTIONS: usize = 300;

/// Others are served so often while the attack goes on.
const ROUNDS: usize = 50;

/// The program, killed when this goes away.
struct Attack(Child);

impl Attack {
    fn begin(server: &Server, words: &str, path: &str) -> Self {
        let mut command = Command::new("slowhttptest");
        let url = format!("http://{}{path}", server.http_address());
        // Longer than any test; the attack is ended when enough was seen.
        let often = format!("-c {CONNECTIONS} -r {CONNECTIONS} -l 600 -i 1 -p 5 -u {url}");
        command.args(words.split(' ')).args(often.split(' '));
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("slowhttptest from Debian; `cargo xtask test` installs it"))
    }
}

impl Drop for Attack {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn metric(server: &Server, name: &str) -> usize {
    let answer = server.ask("/metrics");
    let line = answer
        .text()
        .lines()
        .find_map(|line| line.strip_prefix(name));
    line.and_then(|value| value.trim().parse().ok())
        .unwrap_or_else(|| panic!("the metric {name}"))
}

/// How it is known that an attack has begun: so many connections are open, or so many requests were answered.
const OPEN: &str = "pendopo_edge_connections_open ";
const ANSWERED: &str = "pendopo_edge_requests_total{protocol=\"HTTP/1.1\",class=\"2xx\"}";

/// Serves others once the attack has begun, and again when the server has had enough of attackers.
fn is_endured(words: &str, path: &str, (begun, sign): (&str, &str)) {
    let directory = tempdir().unwrap();
    let patience = ["head", "body", "write", "idle"].map(|what| format!("edge.timeout.{what}=3s"));
    let patience: Vec<&str> = patience.iter().flat_map(|one| ["--set", one]).collect();
    let server = Server::start(directory.path(), &patience);
    let attack = Attack::begin(&server, words, path);
    eventually("the attack", || metric(&server, begun) >= CONNECTIONS / 3);
    let mut others = Others::meet(&server);
    (0..ROUNDS).for_each(|_| others.ask());
    eventually("a slow one sent away", || metric(&server, sign) > 0);
    (0..ROUNDS).for_each(|_| others.ask());
    drop((attack, others));
    eventually("the end", || metric(&server, OPEN) == 0);
    Others::meet(&server).ask();
}

#[test]
fn slow_heads_keep_nobody_from_being_served() {
    let sign = "pendopo_edge_connections_overdue_total{cause=\"head\"}";
    is_endured("-H", "/health", (OPEN, sign));
}

#[test]
fn slow_bodies_keep_nobody_from_being_served() {
    let sign = "pendopo_edge_requests_total{protocol=\"HTTP/1.1\",class=\"4xx\"}";
    is_endured("-B -s 8192 -x 10", "/", (OPEN, sign));
}

/// What they ask for fits into the socket, so that their connections count as resting.
#[test]
fn slow_readers_keep_nobody_from_being_served() {
    let sign = "pendopo_edge_connections_overdue_total{cause=\"idle\"}";
    is_endured(
        "-X -w 1 -y 2 -n 20 -z 1 -k 10",
        "/openapi.json",
        (OPEN, sign),
    );
}

#[test]
fn heads_with_a_thousand_ranges_keep_nobody_from_being_served() {
    is_endured("-R -a 5 -b 3000", "/health", (ANSWERED, ANSWERED));
}
