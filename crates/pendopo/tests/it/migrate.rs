//! `pendopo migrate`: a database of this version, made or upgraded, without a server.

use std::process::Child;

use tempfile::tempdir;
use testkit::postgres;

use crate::run::{command, run};
use crate::server::Server;

#[test]
fn a_new_database_is_made_and_an_existing_one_stays() {
    let directory = tempdir().unwrap();
    for _ in 0..2 {
        let ended = run(directory.path(), &["migrate"]);
        assert!(
            ended.good().contains("has this version's schema"),
            "{ended:?}"
        );
    }
    let server = Server::start(directory.path(), &[]);
    let beside = run(directory.path(), &["migrate"]);
    beside.good();
    assert_eq!(server.ask("/readyz").status, 200);
    server.stop();
}

#[test]
fn many_at_once_take_turns() {
    let (directory, database) = (tempdir().unwrap(), postgres::Server::default());
    let records = format!("store.records={}", database.url());
    let start = |number: usize| -> Child {
        let words = [
            "migrate",
            "--set",
            &records,
            "--data",
            &format!("data{number}"),
        ];
        command(directory.path()).args(words).spawn().unwrap()
    };
    let running: Vec<Child> = (0..5).map(start).collect();
    for mut child in running {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}
