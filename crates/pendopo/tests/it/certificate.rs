//! `pendopo cert`: with and without a server, with an authority that is away.

use tempfile::tempdir;

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
    let alone = [
        with(&["cert", "renew"]),
        vec!["--set", "admin.listen=127.0.0.1:1"],
    ]
    .concat();
    let alone = run(directory.path(), &alone);
    assert!(
        alone
            .complaint(1)
            .contains("no server answers at 127.0.0.1:1"),
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
    let words = [with(&["cert", "renew"]), vec!["--set"]].concat();
    run(directory.path(), &[&words[..], &[&listen]].concat()).good();
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
