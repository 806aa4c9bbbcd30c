//! `pendopo doctor` and `pendopo healthcheck`, with a running server and without one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use tempfile::tempdir;

use crate::run::run;
use crate::server::Server;

/// The words that lead to this server.
fn leading(server: &Server) -> String {
    format!("admin.listen={}", server.private())
}

#[test]
fn with_a_running_server_everything_is_looked_at() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    server.ask_until("/readyz", |answer| answer.status == 200);
    let ended = run(directory.path(), &["doctor", "--set", &leading(&server)]);
    let text = ended.good();
    for line in [
        "ok    server          version",
        "ok    data directory",
        "ok    forced write",
        "ok    access log",
        "ok    store           SQLite",
        "ok    clock",
        "ok    admin token",
        "ok    certificate     CN=Pendopo, for localhost",
        "ok    request limit   20r/s",
        "ok    log lines       none was lost",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(
        text.contains("from CN=Pendopo local authority; until 20"),
        "{text}"
    );
    let token = directory.path().join("data/admin-token");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let ended = run(directory.path(), &["doctor", "--set", &leading(&server)]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stdout.contains(
            "FAIL  admin token     others may read data/admin-token: `chmod 600 data/admin-token`"
        ),
        "{}",
        ended.stdout
    );
    server.stop();
}

#[test]
fn without_a_server_it_says_what_it_could_not_see() {
    let directory = tempdir().unwrap();
    let free = "admin.listen=127.0.0.1:1";
    let text = run(directory.path(), &["doctor", "--set", free])
        .good()
        .to_owned();
    assert!(
        text.contains("warn  server          no server answers at 127.0.0.1:1"),
        "{text}"
    );
    assert!(
        text.contains("warn  store           data/pendopo.db does not exist yet"),
        "{text}"
    );
    assert!(
        !directory.path().join("data").exists(),
        "looking makes nothing"
    );
    fs::create_dir(directory.path().join("data")).unwrap();
    fs::write(
        directory.path().join("data/pendopo.db"),
        "no database".repeat(1000),
    )
    .unwrap();
    let ended = run(directory.path(), &["doctor", "--set", free]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .stdout
            .contains("FAIL  store           `data/pendopo.db` is no SQLite database"),
        "{}",
        ended.stdout
    );
}

#[test]
fn healthcheck_is_quick_and_says_why_a_server_is_not_ready() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    server.ask_until("/readyz", |answer| answer.status == 200);
    let address = leading(&server);
    let elsewhere = tempdir().unwrap();
    // On a busy machine one run may be slow, but not each of a hundred.
    let is_quick = |_| {
        let begun = Instant::now();
        run(elsewhere.path(), &["healthcheck", "--set", &address]).good();
        begun.elapsed() < Duration::from_millis(10)
    };
    assert!((0..100).any(is_quick), "no run took less than 10 ms");
    assert!(
        !elsewhere.path().join("data").exists(),
        "it opens no database"
    );
    run(
        directory.path(),
        &["healthcheck", "--role", "web", "--set", &address],
    )
    .good();
    server.stop();
    let ended = run(directory.path(), &["healthcheck", "--set", &address]);
    assert!(
        ended
            .complaint(1)
            .contains("no server answers at 127.0.0.1:"),
        "{ended:?}"
    );
}
