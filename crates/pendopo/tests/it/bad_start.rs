//! A start that can't be: one line that says what is wrong and what to do.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use tempfile::tempdir;

use crate::run::run;
use crate::server::{QUIET, Server};

/// The words of a server with ports of its own.
fn words<'a>(more: &[&'a str]) -> Vec<&'a str> {
    QUIET.into_iter().chain(more.iter().copied()).collect()
}

#[test]
fn a_port_in_use_is_named_with_its_setting() {
    let directory = tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for key in ["edge.http", "edge.https", "admin.listen"] {
        let pair = format!("{key}={address}");
        let ended = run(directory.path(), &words(&["--set", &pair]));
        let line = ended.complaint(1);
        assert!(
            line.contains(&format!("{address} is in use")) && line.contains(&format!("`{key}`")),
            "{line}"
        );
    }
    let server = Server::start(directory.path(), &[]);
    assert!(
        server.welcome().contains("one-time password"),
        "no failed start took the first password with it"
    );
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let directory = tempdir().unwrap();
    let first = Server::start(directory.path(), &[]);
    let ended = run(directory.path(), &words(&[]));
    let line = ended.complaint(1);
    assert!(
        line.contains(&format!(
            "another pendopo (process {}) serves from data",
            first.pid()
        )),
        "{line}"
    );
    first.stop();
}

#[test]
fn a_read_only_data_directory_is_named() {
    let directory = tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    let script = format!(
        "mount -t tmpfs -o ro none data && exec {} {}",
        env!("CARGO_BIN_EXE_pendopo"),
        QUIET.join(" ")
    );
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--map-root-user", "sh", "-c", &script])
        .current_dir(directory.path());
    let ended = command.stdin(Stdio::null()).output().unwrap();
    let line = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(
        (ended.status.code(), line.lines().count()),
        (Some(1), 1),
        "{line}"
    );
    assert!(
        line.contains("can't write to the data directory data: Read-only file system")
            && line.contains("`--data`"),
        "{line}"
    );
}

#[test]
fn a_file_in_the_place_of_the_data_directory_is_named() {
    let directory = tempdir().unwrap();
    fs::write(directory.path().join("data"), "").unwrap();
    let ended = run(directory.path(), &words(&[]));
    let line = ended.complaint(1);
    assert!(
        line.contains("can't write to the data directory data"),
        "{line}"
    );
}

#[test]
fn a_database_that_is_none_is_left_alone() {
    let directory = tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    let database = directory.path().join("data/pendopo.db");
    fs::write(
        &database,
        "this is a text, and no database at all, however long it may be\n".repeat(100),
    )
    .unwrap();
    let before = fs::read(&database).unwrap();
    let ended = run(directory.path(), &words(&[]));
    let line = ended.complaint(1);
    assert!(line.contains("pendopo.db` is no SQLite database"), "{line}");
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn wrong_settings_end_with_2_and_one_line() {
    let directory = tempdir().unwrap();
    let check = |more: &[&str], expected: &str| {
        let ended = run(directory.path(), &words(more));
        let line = ended.complaint(2);
        assert!(line.contains(expected), "{line}");
    };
    check(&["--set", "edge.htpp=off"], "did you mean `edge.http`?");
    check(&["--set", "edge.hsts=often"], "write a number and a unit");
    check(&["--config", "missing.toml"], "can't read missing.toml");
    check(&["--role", "edge"], "start it as `--role edge,web`");
    check(
        &["--open-api", "--set", "edge.https=0.0.0.0:0"],
        "`edge.https` is 0.0.0.0:0",
    );
    fs::write(directory.path().join("pendopo.toml"), "[log]\nlevel = 1\n").unwrap();
    check(&[], "pendopo.toml:2");
}
