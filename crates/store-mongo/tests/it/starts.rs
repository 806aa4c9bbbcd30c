//! How a server lets us in: a certificate and a password, each of which may change while we run.

use std::fs;

use lifecycle::Password;
use store_mongo::{Messages, OpenError, Options};
use tempfile::TempDir;
use testkit::mongo::{PASSWORD, Server};
use testkit::{Authority, eventually};

use crate::house::{open_records, options};

async fn open(options: Options, directory: &TempDir) -> Result<Messages, OpenError> {
    let records = open_records(directory);
    Messages::open(options, records.stores, records.outbox).await
}

fn trouble_of(messages: &Messages, expected: &str) {
    eventually(expected, || {
        let told = messages.status().trouble;
        assert!(!told.iter().any(|told| told.contains("wrong")), "{told:?}");
        told.is_some_and(|told| told.contains(expected))
    });
}

fn become_known(messages: &Messages) {
    eventually("the server tells its version", || {
        let status = messages.status();
        status.trouble.is_none() && !status.version.is_empty()
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_read_again_from_its_file_when_it_changes() {
    let (server, directory) = (Server::default(), TempDir::new().unwrap());
    let file = directory.path().join("password");
    fs::write(&file, "wrong\n").unwrap();
    let options = Options {
        password: Password::in_file(file.clone()),
        ..options(&server.url("school"))
    };
    assert!(!format!("{options:?}").contains(PASSWORD));
    let messages = open(options, &directory).await.unwrap();
    trouble_of(&messages, "SCRAM");
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    become_known(&messages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_certificate_of_the_right_authority_nobody_is_let_in() {
    let (server, directory) = (Server::default(), TempDir::new().unwrap());
    let whole = server.url("school");
    let (bare, _) = whole.split_once("&tlsCertificateKeyFile").unwrap();
    let stranger = TempDir::new().unwrap();
    let authority = Authority::default();
    let root = authority.root(stranger.path());
    let own_root = server.directory().join("root.pem");
    let elsewhere = whole.replace(own_root.to_str().unwrap(), root.to_str().unwrap());
    for (url, expected) in [(bare, "ertificate"), (&elsewhere, "ertificate")] {
        let messages = open(options(url), &directory).await.unwrap();
        trouble_of(&messages, expected);
    }
    let missing = whole.replace("both.pem", "none.pem");
    let missing = open(options(&missing), &directory).await.err().unwrap();
    assert!(missing.to_string().contains("none.pem"), "{missing}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_read_again_when_it_changes() {
    let (server, directory) = (Server::default(), TempDir::new().unwrap());
    let (both, own) = (
        server.directory().join("client/both.pem"),
        directory.path().join("me.pem"),
    );
    let stranger = TempDir::new().unwrap();
    let (certificate, key) = Authority::default().issue(stranger.path(), &["stranger"]);
    let read = |path| fs::read_to_string(path).unwrap();
    fs::write(&own, read(certificate) + &read(key)).unwrap();
    let url = server
        .url("school")
        .replace(both.to_str().unwrap(), own.to_str().unwrap());
    let messages = open(options(&url), &directory).await.unwrap();
    trouble_of(&messages, "lert");
    fs::copy(both, own).unwrap();
    become_known(&messages);
}
