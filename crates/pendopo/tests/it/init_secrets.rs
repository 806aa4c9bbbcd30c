//! `pendopo init-secrets`: strong, unprinted, never overwritten, readable by whom they are for.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use rustix::process::geteuid;
use tempfile::tempdir;

use crate::run::{command, run};
use crate::server::Server;

/// Somebody who is not root.
const NOBODY: u32 = 65534;
/// The group of every container.
const CONTAINERS: u32 = 65532;

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let text = |path: &Path| fs::read_to_string(path).unwrap();
    entries
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                text(&entry.path()),
            )
        })
        .collect()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn secrets_are_strong_and_told_of_without_being_shown() {
    let directory = tempdir().unwrap();
    let ended = run(directory.path(), &["init-secrets"]);
    let said = ended.good();
    let folder = directory.path().join("secrets");
    assert_eq!(mode(&folder), 0o700);
    let made = files(&folder);
    let names: Vec<&str> = made.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "admin-password",
            "mongo-ca",
            "mongo-client",
            "mongo-password",
            "mongo-server",
            "pgbouncer-ini",
            "pgbouncer-users",
            "postgres-password",
            "redis-acl",
            "redis-ca",
            "redis-certificate",
            "redis-key",
            "redis-password",
        ]
    );
    for (name, text) in &made {
        assert!(said.contains(&format!("made secrets/{name}: ")), "{said}");
        assert!(text.len() >= 43, "{name} has at least 256 bits");
        assert!(!said.contains(text.trim()), "{name} is not shown");
        assert_eq!(mode(&folder.join(name)) & 0o007, 0, "{name}");
    }
    let mut distinct: Vec<&String> = made.values().collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), made.len(), "no two are the same");
}

#[test]
fn what_is_there_stays_and_what_is_missing_is_made() {
    let directory = tempdir().unwrap();
    let folder = directory.path().join("secrets");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("redis-password"), "my own word\n").unwrap();
    let words = ["init-secrets", "--to", "secrets"];
    let said = run(directory.path(), &words).good().to_owned();
    assert!(said.contains("kept secrets/redis-password"), "{said}");
    assert!(
        said.contains("everybody on this machine can read it: chmod o= secrets/redis-password")
    );
    let first = files(&folder);
    assert_eq!(first["redis-password"], "my own word\n");
    // printf 'my own word' | sha256sum
    let digest = "b4d781841eefffcca0b0dac0d97bb4fc93850cebcfed2c9befb090956d4bdd81";
    assert!(first["redis-acl"].contains(digest), "{first:?}");
    fs::remove_file(folder.join("mongo-password")).unwrap();
    let said = run(directory.path(), &words).good().to_owned();
    assert_eq!(said.matches("made ").count(), 1, "{said}");
    let second = files(&folder);
    for (name, text) in &first {
        assert_eq!(*text == second[name], name != "mongo-password", "{name}");
    }
}

#[test]
fn an_empty_directory_that_an_engine_left_for_a_secret_gives_way_to_it() {
    let directory = tempdir().unwrap();
    let folder = directory.path().join("secrets");
    fs::create_dir_all(folder.join("admin-password")).unwrap();
    run(directory.path(), &["init-secrets"]).good();
    assert!(folder.join("admin-password").is_file());
    fs::remove_file(folder.join("admin-password")).unwrap();
    fs::create_dir_all(folder.join("admin-password/mine")).unwrap();
    let ended = run(directory.path(), &["init-secrets"]);
    let mend = "secrets/admin-password is a directory: remove it";
    assert!(
        ended.code == Some(1) && ended.stderr.contains(mend),
        "{ended:?}"
    );
}

#[test]
fn a_secret_that_can_not_work_is_refused_with_the_mend() {
    let directory = tempdir().unwrap();
    let folder = directory.path().join("secrets");
    run(directory.path(), &["init-secrets"]).good();
    fs::write(folder.join("redis-password"), "another word").unwrap();
    let check = |words: &str| {
        let ended = run(directory.path(), &["init-secrets"]);
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains(words), "{ended:?}");
    };
    check("secrets/redis-acl has not the digest of `redis-password`");
    fs::remove_file(folder.join("redis-acl")).unwrap();
    fs::remove_file(folder.join("mongo-client")).unwrap();
    check("remove `mongo-ca`, `mongo-server`, `mongo-client` to have all of them made anew");
    for name in ["mongo-ca", "mongo-server"] {
        fs::remove_file(folder.join(name)).unwrap();
    }
    run(directory.path(), &["init-secrets"]).good();
    fs::write(folder.join("postgres-password"), "another word").unwrap();
    check("secrets/pgbouncer-users has not the password in `postgres-password`");
    fs::write(folder.join("admin-password"), "\n").unwrap();
    let ended = run(directory.path(), &["init-secrets"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended
            .stderr
            .contains("secrets/admin-password is empty: remove it"),
        "{ended:?}"
    );
}

#[test]
fn root_gives_the_files_to_the_containers_group_and_their_owner_is_who_deploys() {
    assert!(
        geteuid().is_root(),
        "this test changes who it is: run it as root"
    );
    let directory = tempdir().unwrap();
    let folder = directory.path().join("secrets");
    fs::create_dir(&folder).unwrap();
    chown(&folder, Some(NOBODY), None).unwrap();
    let ended = run(directory.path(), &["init-secrets"]);
    assert!(!ended.good().contains("can't read"), "{ended:?}");
    for name in files(&folder).keys() {
        let metadata = folder.join(name).metadata().unwrap();
        assert_eq!(
            (metadata.uid(), metadata.gid()),
            (NOBODY, CONTAINERS),
            "{name}"
        );
        assert_eq!(metadata.mode() & 0o777, 0o640, "{name}");
    }
}

#[test]
fn without_root_the_files_are_their_owners_alone_and_the_mend_is_told() {
    assert!(
        geteuid().is_root(),
        "this test changes who it is: run it as root"
    );
    let directory = tempdir().unwrap();
    chown(directory.path(), Some(NOBODY), None).unwrap();
    let output = command(directory.path())
        .arg("init-secrets")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(
        said.contains("as root, run chgrp 65532 secrets/*"),
        "{said}"
    );
    let folder = directory.path().join("secrets");
    for name in files(&folder).keys() {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
}

#[test]
fn the_first_password_lets_admin_in() {
    let directory = tempdir().unwrap();
    run(directory.path(), &["init-secrets"]).good();
    let server = Server::start(
        directory.path(),
        &["--set", "admin.password_file=secrets/admin-password"],
    );
    let password = fs::read_to_string(directory.path().join("secrets/admin-password")).unwrap();
    let form = format!("login=admin&password={password}");
    let answer = server.https().exchange(format!(
        "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    ));
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(answer.header("set-cookie").is_some());
    server.stop();
}
