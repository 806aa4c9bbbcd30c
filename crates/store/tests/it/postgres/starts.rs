//! How a store is opened: by many at once, on what others left, with a password and over TLS.

use std::fs;

use lifecycle::Password;
use store::OpenError;
use store::postgres::{Options, open};
use tempfile::TempDir;
use testkit::Authority;
use testkit::postgres::{PASSWORD, Server};
use tokio::task::JoinSet;

use super::house::{open_at, try_open};
use crate::person::add;

const SCRAM: &str = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
const ONLY_TLS: &str = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_that_start_together_make_one_schema() {
    let server = Server::default();
    let address = server.address();
    let starts: JoinSet<_> = (0..10).map(|_| open_at(address)).collect();
    let opened = starts.join_all().await;
    assert!(opened.iter().all(|opened| opened.status().schema > 0));
    let applied = server.sql("SELECT count(*) - max(id) FROM migration");
    assert_eq!(applied, "0");
    for one in &opened {
        add(&one.stores, "Ani").await.unwrap();
    }
    assert_eq!(crate::person::sound_entries(&opened[0].stores).await, 10);
}

#[tokio::test]
async fn a_newer_schema_and_anothers_tables_are_refused() {
    let server = Server::default();
    open_at(server.address()).await.close();
    server.sql("INSERT INTO migration VALUES (999, 'later', '\\x00', 0)");
    let newer = try_open(&server.url()).await.err();
    assert!(
        matches!(newer, Some(OpenError::Newer { found: 999, .. })),
        "{newer:?}"
    );
    server.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pendopo");
    server.sql("CREATE TABLE person (id INTEGER)");
    let foreign = try_open(&server.url()).await.err();
    assert!(
        matches!(foreign, Some(OpenError::Foreign(_))),
        "{foreign:?}"
    );
    assert_eq!(server.sql("SELECT to_regclass('migration') IS NULL"), "t");
}

#[tokio::test]
async fn a_password_is_read_from_its_file_at_each_sign_in() {
    let server = Server::with(SCRAM, &[]);
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("password");
    let options = Options {
        password: Password::in_file(file.clone()),
        ..Options::new(server.url().parse().unwrap())
    };
    fs::write(&file, "wrong\n").unwrap();
    let refused = open(&options).await.err().unwrap();
    assert!(refused.to_string().contains("28P01"), "{refused}");
    assert!(!refused.to_string().contains("wrong"), "{refused}");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let opened = open(&options).await.unwrap();
    add(&opened.stores, "Ani").await.unwrap();
}

/// A server with a certificate for this name, and the file of its authority.
fn encrypted(name: &str) -> (Server, String) {
    let server_files = TempDir::new().unwrap();
    let authority = Authority::default();
    let (certificate, key) = authority.issue(server_files.path(), &[name]);
    let mut server = Server::with(ONLY_TLS, &[]);
    let root = authority.root(server.directory()).display().to_string();
    server.write("data/server.crt", &fs::read_to_string(certificate).unwrap());
    let key = server.write("data/server.key", &fs::read_to_string(key).unwrap());
    fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    server.sql("ALTER SYSTEM SET ssl = on");
    server.stop();
    server.start();
    (server, root)
}

#[tokio::test]
async fn a_server_proves_as_much_as_sslmode_asks_for() {
    let (server, root) = encrypted("127.0.0.1");
    let (stranger, _) = encrypted("elsewhere.example");
    let at = |server: &Server, options: &str| {
        server
            .url()
            .replace("sslmode=disable", options)
            .replace("ROOT", &root)
    };
    for good in [
        "sslmode=prefer",
        "sslmode=require",
        "sslmode=verify-full&sslrootcert=ROOT",
    ] {
        let opened = try_open(&at(&server, good)).await.unwrap();
        let more = opened.status().more;
        assert!(
            more.contains(&("connection", "encrypted".to_owned())),
            "{good}"
        );
    }
    for bad in [
        "sslmode=disable",
        "sslmode=verify-full",
        "sslmode=verify-ca",
    ] {
        assert!(try_open(&at(&server, bad)).await.is_err(), "{bad}");
    }
    // Another authority's, whatever its name.
    assert!(
        try_open(&at(&stranger, "sslmode=require&sslrootcert=ROOT"))
            .await
            .is_err()
    );
    assert!(try_open(&at(&stranger, "sslmode=require")).await.is_ok());
}

#[tokio::test]
async fn only_verify_full_asks_for_the_name() {
    let (server, root) = encrypted("elsewhere.example");
    let at = |mode: &str| {
        let options = format!("sslmode={mode}&sslrootcert={root}");
        server.url().replace("sslmode=disable", &options)
    };
    try_open(&at("verify-ca")).await.unwrap();
    let refused = try_open(&at("verify-full")).await.err().unwrap();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}
