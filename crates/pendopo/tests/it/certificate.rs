//! `pendopo cert`: with and without a server, with an authority that is away.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;
use tempfile::{TempDir, tempdir};
use testkit::{Pebble, eventually};

use crate::run::run;
use crate::server::Server;

/// An authority that nobody will ever reach.
const FETCHING: [&str; 4] = [
    "--set",
    "domains=[\"sekolah.example\"]",
    "--set",
    "edge.acme.directory=https://127.0.0.1:1/directory",
];

#[test]
fn the_local_certificate_is_described_once_there_is_one() {
    let directory = tempdir().unwrap();
    let before = run(directory.path(), &["cert", "status"]);
    assert_eq!(before.code, Some(1));
    assert!(
        before.stdout.contains("none yet: the first start makes"),
        "{before:?}"
    );
    Server::start(directory.path(), &[]).stop();
    let after = run(directory.path(), &["cert", "status"]);
    let text = after.good();
    assert!(text.contains("localhost"), "{text}");
    assert!(
        text.contains("issuer        CN=Pendopo local authority"),
        "{text}"
    );
    assert!(text.contains("authority     none: "), "{text}");
    let refused = run(directory.path(), &["cert", "renew"]);
    assert!(
        refused.complaint(2).contains("set `domains`"),
        "{refused:?}"
    );
}

#[test]
fn a_failed_attempt_is_told_and_a_new_one_can_be_asked_of_a_running_server() {
    let directory = tempdir().unwrap();
    let with = |words: &[&'static str]| [words, &FETCHING].concat();
    let alone = run(directory.path(), &with(&["cert", "renew"]));
    assert!(
        alone
            .complaint(1)
            .contains("no server runs here: nobody answers at data/run/edge.sock"),
        "{alone:?}"
    );
    let server = Server::start(directory.path(), &FETCHING);
    let failures = "pendopo_edge_certificate_failures ";
    let has_failed = |times: u32| {
        let line = format!("{failures}{times}\n");
        server.ask_until("/metrics", |answer| answer.text().contains(&line));
    };
    has_failed(1);
    let status = run(directory.path(), &with(&["cert", "status"]));
    assert_eq!(status.code, Some(1));
    for part in [
        "none yet: no certificate has been fetched",
        "authority     https://127.0.0.1:1/directory",
        "the authority can't be asked",
    ] {
        assert!(status.stdout.contains(part), "{part}: {status:?}");
    }
    let listen = format!("admin.listen={}", server.private());
    run(directory.path(), &with(&["cert", "renew"])).good();
    has_failed(2);
    let words = [with(&["doctor"]), vec!["--set"]].concat();
    let doctor = run(directory.path(), &[&words[..], &[&listen]].concat());
    assert!(
        doctor
            .stdout
            .contains("warn  renewal         the authority can't be asked"),
        "{doctor:?}"
    );
    server.stop();
}

#[test]
fn every_certificate_of_the_operators_own_is_described_and_one_whose_files_broke_is_told() {
    let directory = tempdir().unwrap();
    let authority = testkit::Authority::default();
    let mut config =
        "domains = [\"sekolah.example\", \"toko.example\", \"lain.example\"]\n".to_owned();
    for name in ["sekolah.example", "toko.example"] {
        let folder = directory.path().join(name);
        fs::create_dir(&folder).unwrap();
        let (certificate, key) = authority.issue(&folder, &[name]);
        let pair = format!("[[edge.tls.pair]]\ncertificate = {certificate:?}\nkey = {key:?}\n");
        config.push_str(&pair);
    }
    fs::write(directory.path().join("pendopo.toml"), config).unwrap();
    let server = Server::start(directory.path(), &[]);
    let status = run(directory.path(), &["cert", "status"]);
    let text = status.good();
    assert!(
        text.contains("sekolah.example") && text.contains("toko.example"),
        "{text}"
    );
    fs::write(directory.path().join("toko.example/certificate.key"), "").unwrap();
    server.ask_until("/metrics", |answer| {
        answer
            .text()
            .contains("pendopo_edge_certificate_faults 1\n")
    });
    let listen = format!("admin.listen={}", server.private());
    let doctor = run(directory.path(), &["doctor", "--set", &listen]);
    for line in [
        "ok    certificate     CN=rcgen self signed cert, for sekolah.example",
        "ok    certificate     CN=rcgen self signed cert, for toko.example",
        "FAIL  certificate     none stands for `lain.example`",
        "FAIL  own files       ",
        "no private key",
    ] {
        assert!(doctor.stdout.contains(line), "{line}: {doctor:?}");
    }
    let status = run(directory.path(), &["cert", "status"]);
    assert!(status.complaint(1).contains("no private key"), "{status:?}");
    server.stop();
}
/// A server that shares its `tls/` with others, and fetches certificates at this authority.
fn sharing(directory: &Path, shared: &Path, pebble: &Pebble) -> Server {
    fs::create_dir(directory.join("data")).unwrap();
    symlink(shared, directory.join("data/tls")).unwrap();
    fetching(directory, &["sekolah.example"], pebble)
}

/// A server that fetches a certificate for these names at this authority.
fn fetching(directory: &Path, domains: &[&str], pebble: &Pebble) -> Server {
    configure(directory, domains, &pebble.url(), pebble);
    Server::start(directory, &[])
}

/// Has it fetched there, where this authority is believed.
fn configure(directory: &Path, domains: &[&str], url: &str, pebble: &Pebble) {
    let config = format!(
        "domains = {domains:?}\n[edge.acme]\ndirectory = \"{url}\"\nca_file = {:?}\n\
         preflight = false\nlease = \"2s\"\n",
        pebble.root()
    );
    fs::write(directory.join("pendopo.toml"), config).unwrap();
}

/// From now on, the authority asks this server for proofs.
fn lead_to(pebble: &Pebble, server: &Server) {
    let status: Value = serde_json::from_slice(&server.ask("/status").body).unwrap();
    let listener = status["edge"]["http listener"].as_str().unwrap();
    let address = listener.strip_prefix("http://").unwrap().parse().unwrap();
    pebble.http.lead_to(address);
}

#[test]
fn another_authority_takes_a_reload_and_none_at_all_a_restart() {
    let (directory, pebble) = (tempdir().unwrap(), Pebble::start());
    let domains = ["sekolah.example"];
    let ask_at = |url: &str| configure(directory.path(), &domains, url, &pebble);
    ask_at("https://127.0.0.1:1/directory");
    let server = Server::start(directory.path(), &[]);
    lead_to(&pebble, &server);
    let await_metric = |line: &str| {
        server.ask_until("/metrics", |answer| answer.text().contains(line));
    };
    await_metric("pendopo_edge_certificate_failures 1\n");
    ask_at(&pebble.url());
    run(directory.path(), &["reload"]).good();
    await_metric("pendopo_edge_certificate_fetched_total 1\n");
    ask_at("off");
    let refused = run(directory.path(), &["reload"]);
    let text = refused.complaint(1);
    assert!(text.contains("`edge.acme.directory`: between"), "{text}");
    assert!(text.contains("takes a restart"), "{text}");
    server.stop();
}

#[test]
fn a_name_that_the_certificate_does_not_stand_for_is_told_with_the_cause() {
    let (directory, pebble) = (tempdir().unwrap(), Pebble::start());
    pebble.lose("www.sekolah.example");
    let names = ["sekolah.example", "www.sekolah.example"];
    let server = fetching(directory.path(), &names, &pebble);
    lead_to(&pebble, &server);
    server.ask_until("/metrics", |answer| {
        let text = answer.text();
        text.contains("pendopo_edge_certificate_names_missing 1\n")
    });
    let status = run(directory.path(), &["cert", "status"]);
    assert_eq!(status.code, Some(1), "{status:?}");
    for line in [
        "names         sekolah.example\n",
        "missing       www.sekolah.example\n",
        " the authority could not prove `www.sekolah.example`: ",
    ] {
        assert!(status.stdout.contains(line), "{line}: {status:?}");
    }
    let listen = format!("admin.listen={}", server.private());
    let doctor = run(directory.path(), &["doctor", "--set", &listen]);
    for line in [
        "FAIL  certificate     none was fetched for www.sekolah.example: ",
        "warn  renewal         the authority could not prove `www.sekolah.example`: ",
    ] {
        assert!(doctor.stdout.contains(line), "{line}: {doctor:?}");
    }
    server.stop();
}

#[test]
fn an_order_is_brought_home_by_another_edge_when_its_own_was_killed() {
    // Proofs need no edge here, so that the kill falls between two known requests.
    let pebble = Pebble::with(&[("PEBBLE_VA_ALWAYS_VALID", "1")], 3600);
    let directories = [tempdir().unwrap(), tempdir().unwrap(), tempdir().unwrap()];
    let [shared, one, other] = directories.each_ref().map(TempDir::path);
    let state = shared.join("acme/state.json");
    let has_order = move || {
        let text = fs::read_to_string(&state).unwrap_or_default();
        text.contains("\"url\"")
    };
    pebble.way_in.gate(move || !has_order());
    let killed = sharing(one, shared, &pebble);
    eventually("an order under way", || pebble.way_in.held() > 0);
    let successor = sharing(other, shared, &pebble);
    killed.kill();
    pebble.way_in.forget();
    successor.ask_until("/metrics", |answer| {
        let text = answer.text();
        text.contains("pendopo_edge_certificate_fetched_total 1\n")
    });
    assert_eq!(pebble.orders(), 1, "it went on with the order of the other");
    let status: Value = serde_json::from_slice(&successor.ask("/status").body).unwrap();
    let listener = status["edge"]["https listener"].as_str().unwrap();
    let address = listener.strip_prefix("https://").unwrap().parse().unwrap();
    let mut client = pebble.trust().connect(address, "sekolah.example");
    let page = client.exchange("GET /login HTTP/1.1\r\nhost: sekolah.example\r\n\r\n");
    assert_eq!(page.status, 200);
    // It starts again on what the other left, without a wait and without an order.
    let again = Server::start(one, &[]);
    again.ask_until("/status", |answer| answer.text().contains("\"fetched\""));
    assert_eq!(pebble.orders(), 1);
}
