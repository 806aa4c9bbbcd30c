//! Bans from the command line, beside a running server and without one.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::tempdir;
use testkit::raw::connect_from;
use testkit::{Raw, eventually};

use crate::backup::listed;
use crate::run::{Ended, run};
use crate::server::Server;

/// Nobody answers there.
const NO_SERVER: [&str; 2] = ["--set", "admin.listen=127.0.0.1:1"];
/// This machine is a proxy that tells of its clients.
const PROXIED: [&str; 2] = ["--set", "edge.trusted_proxies=[\"127.0.0.1/32\"]"];
/// A ban bites, and ends, within a second; a machine that does much else may take longer.
const SOON: Duration = Duration::from_secs(3);

fn ban(directory: &Path, words: &[&str]) -> Ended {
    run(directory, &[&["ban"], words, &NO_SERVER].concat())
}

/// The status that the server has for this client of the proxy.
fn status(server: &Server, client: &str) -> u16 {
    let request = format!("GET /health HTTP/1.1\r\nhost: a\r\nx-forwarded-for: {client}\r\n\r\n");
    server.http().exchange(request).status
}

/// Waits until the server has this status for the client; it must come soon.
fn must_become(server: &Server, client: &str, expected: u16) {
    let begun = Instant::now();
    eventually(&format!("{expected} for {client}"), || {
        status(server, client) == expected
    });
    assert!(begun.elapsed() < SOON, "{client}: {:?}", begun.elapsed());
}

/// Waits until the server holds so many bans in force.
fn must_hold(server: &Server, bans: usize) {
    let line = format!("\npendopo_edge_bans {bans}\n");
    server.ask_until("/metrics", |answer| answer.text().contains(&line));
}

/// What the audit trail tells of bans: action, actor, before and after.
fn told(directory: &Path) -> Vec<[String; 4]> {
    let database = rusqlite::Connection::open(directory.join("data/pendopo.db")).unwrap();
    let sql = "SELECT action, actor, COALESCE(before, ''), COALESCE(after, '') FROM audit \
        WHERE action LIKE 'ban.%' ORDER BY seq";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_ban_bites_a_running_server_within_a_second_and_ends_when_it_is_removed() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    let server = Server::start(path, &PROXIED);
    assert_eq!(status(&server, "203.0.113.7"), 200);
    let made = ban(
        path,
        &[
            "add",
            "203.0.113.0/24",
            "--for",
            "4h",
            "--reason",
            "guesses passwords",
        ],
    );
    assert!(
        made.good().starts_with("203.0.113.0/24 is banned until 20"),
        "{made:?}"
    );
    must_become(&server, "203.0.113.7", 403);
    assert_eq!(status(&server, "203.0.114.7"), 200);
    ban(path, &["add", "2001:db8:1:2::/64"]).good();
    must_become(&server, "2001:db8:1:2:3:4:5:6", 403);
    assert_eq!(status(&server, "2001:db8:1:3::1"), 200);
    let again = ban(path, &["add", "203.0.113.0/24"]);
    assert_eq!(
        again.good(),
        "203.0.113.0/24 is banned for good, in the place of the ban before\n"
    );
    let listed = ban(path, &["list"]);
    let lines: Vec<&str> = listed.good().lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[1].starts_with("203.0.113.0/24 ") && lines[1].contains("for good"),
        "{lines:?}"
    );
    assert!(lines[2].starts_with("2001:db8:1:2::/64 "), "{lines:?}");
    assert_eq!(
        ban(path, &["remove", "203.0.113.0/24"]).good(),
        "203.0.113.0/24 is let in again\n"
    );
    must_become(&server, "203.0.113.7", 200);
    let record = fs::read_to_string(path.join("data/logs/access.log")).unwrap();
    assert!(record.contains("\"cause\":\"banned\""), "{record}");
    server.stop();
}

#[test]
fn each_change_is_in_the_audit_trail_with_the_ban_before_and_after() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    Server::start(path, &[]).stop();
    let network = "203.0.113.0/24";
    ban(path, &["add", network, "--reason", "guesses passwords"]).good();
    ban(path, &["add", network, "--for", "1h"]).good();
    ban(path, &["remove", network]).good();
    let told = told(path);
    let actions = told
        .iter()
        .map(|entry| (entry[0].as_str(), entry[1].as_str()));
    let by_console = |action| (action, "console");
    let expected = ["ban.add", "ban.change", "ban.remove"].map(by_console);
    assert_eq!(actions.collect::<Vec<_>>(), expected);
    assert!(
        told[0][2].is_empty() && told[0][3].contains("guesses passwords"),
        "{told:?}"
    );
    assert_eq!(told[1][2], told[0][3]);
    assert_eq!(
        (told[2][2].as_str(), told[2][3].as_str()),
        (told[1][3].as_str(), "")
    );
    assert!(
        run(path, &["audit", "verify"])
            .good()
            .contains("each in its place")
    );
}

#[test]
fn a_ban_ends_at_its_time() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    let server = Server::start(path, &PROXIED);
    ban(path, &["add", "203.0.113.7", "--for", "2s"]).good();
    must_become(&server, "203.0.113.7", 403);
    eventually("the end", || status(&server, "203.0.113.7") == 200);
    assert_eq!(ban(path, &["list"]).good().lines().count(), 1);
    server.stop();
}

#[test]
fn a_ban_outlives_a_kill_right_after_it_was_made() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    let server = Server::start(path, &[]);
    let made = ban(path, &["add", "127.0.0.2", "--force"]);
    assert!(
        made.stderr.contains("look out: it meets 127.0.0.0/8"),
        "{made:?}"
    );
    assert_eq!(made.good(), "127.0.0.2 is banned for good\n");
    server.kill();
    let server = Server::start(path, &[]);
    // Closed before the handshake: not a byte comes back.
    let is_closed = || {
        let mut client = Raw::on(connect_from([127, 0, 0, 2], server.https_address()));
        client.send([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]).finish();
        client.rest().is_empty()
    };
    must_hold(&server, 1);
    assert!(is_closed());
    assert_eq!(
        server
            .http()
            .exchange("GET /health HTTP/1.1\r\nhost: a\r\n\r\n")
            .status,
        200
    );
    server.stop();
}

#[test]
fn whoever_must_not_be_hit_is_banned_by_force_alone() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    Server::start(path, &[]).stop();
    let refused = |words: &[&str], why: &str| {
        let text = ban(path, words).complaint(1).to_owned();
        assert!(text.contains(why) && text.contains("--force"), "{text}");
    };
    refused(
        &["add", "127.0.0.1"],
        "127.0.0.0/8, which is this machine itself",
    );
    refused(&["add", "0.0.0.0/0"], "127.0.0.0/8");
    refused(&["add", "::1"], "::1");
    let proxies = "edge.trusted_proxies=[\"10.1.0.0/16\"]";
    refused(
        &["add", "10.1.2.3", "--set", proxies],
        "10.1.0.0/16 of `edge.trusted_proxies`",
    );
    assert_eq!(told(path).len(), 0);
    let wide = ban(path, &["add", "203.0.0.0/12"]);
    assert!(
        wide.stderr.contains("look out: 203.0.0.0/12 is very wide"),
        "{wide:?}"
    );
    let narrow = ban(path, &["add", "2001:db8:1:2::7"]);
    assert!(
        narrow.stderr.contains("any other of 2001:db8:1:2::/64"),
        "{narrow:?}"
    );
    assert_eq!((wide.code, narrow.code), (Some(0), Some(0)));
    let removed = ban(path, &["remove", "2001:db8:1:2::7"]);
    assert_eq!(removed.good(), "2001:db8:1:2::7 is let in again\n");
    assert!(
        ban(path, &["remove", "2001:db8:1:2::7"])
            .complaint(1)
            .contains("there is no ban")
    );
}

#[test]
fn what_is_no_ban_is_wrong_usage() {
    let directory = tempdir().unwrap();
    for (words, why) in [
        (
            &["add", "sekolah.example"][..],
            "is no address and no network",
        ),
        (&["add", "203.0.113.7/24"], "write `203.0.113.0/24`"),
        (&["add", "203.0.113.7", "--for", "4 hours"], "such as `4h`"),
        (
            &["add", "203.0.113.7", "--for", "0s"],
            "is no length of a ban",
        ),
        (&["add", "203.0.113.7", "--reason", "a\nb"], "one line"),
        (&["remove"], "<NETWORK>"),
    ] {
        let ended = ban(directory.path(), words);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(why), "{ended:?}");
    }
}

#[test]
fn bans_come_back_from_a_backup() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    Server::start(path, &[]).stop();
    ban(
        path,
        &["add", "203.0.113.0/24", "--reason", "guesses passwords"],
    )
    .good();
    run(path, &["backup", "create"]).good();
    let name = listed(path).pop().expect("the backup");
    ban(path, &["remove", "203.0.113.0/24"]).good();
    run(path, &["backup", "restore", &name]).good();
    assert!(ban(path, &["list"]).good().contains("guesses passwords"));
    let server = Server::start(path, &PROXIED);
    must_become(&server, "203.0.113.7", 403);
    server.stop();
}

#[test]
fn an_edge_that_has_no_bans_says_so() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    let config = "[[edge.upstream]]\nname = \"app\"\ntargets = [\"http://127.0.0.1:9\"]\n[[edge.site]]\nupstream = \"app\"\n";
    fs::write(path.join("edge.toml"), config).unwrap();
    let edge = Server::start(path, &["--role", "edge", "--config", "edge.toml"]);
    edge.await_log("no bans are in force here");
    let leading = format!("admin.listen={}", edge.private());
    let text = run(path, &["doctor", "--set", &leading]).stdout;
    assert!(
        text.contains("warn  bans            none can be: this process plays `edge` alone"),
        "{text}"
    );
    edge.stop();
}

#[test]
fn doctor_says_how_many_bans_are_in_force() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    let server = Server::start(path, &[]);
    ban(path, &["add", "203.0.113.7"]).good();
    must_hold(&server, 1);
    let leading = format!("admin.listen={}", server.private());
    let text = run(path, &["doctor", "--set", &leading]).stdout;
    assert!(
        text.contains("ok    bans            1 in force at this edge"),
        "{text}"
    );
    server.stop();
}

#[test]
fn a_ban_that_no_edge_can_read_is_warned_of() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    let words = ["--role", "web", "--set", "web.listen=127.0.0.1:0"];
    let web = Server::start(path, &words);
    let leading = format!("admin.listen={}", web.private());
    let made = run(path, &["ban", "add", "203.0.113.7", "--set", &leading]);
    assert!(made.good().contains("is banned for good"), "{made:?}");
    assert!(made.stderr.contains("plays `web` alone"), "{made:?}");
    web.stop();
}
