//! `pendopo copy`: a school moves from a file to a server and back, beside those who write.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::tempdir;
use testkit::postgres;

use super::house::House;
use crate::run::{command, run};
use crate::server::{Server, get, post};

const FILE: &str = "sqlite:data/pendopo.db";
const SCRAM: &str = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

fn adds(server: &Server, name: &str) -> u16 {
    let body = format!(r#"{{"first_name":"{name}","last_name":"W"}}"#);
    let asked = post("/user", &server.token(), "", &body);
    server.http().exchange(asked).status
}

fn copy(directory: &Path, from: &str, to: &str) -> String {
    let ran = run(directory, &["copy", "--from", from, "--to", to]);
    ran.good().to_owned()
}

#[test]
fn a_school_moves_to_a_server_beside_its_writers_and_back() {
    let house = House::default();
    let server = house.start_on_file();
    let is_over = Arc::new(AtomicBool::new(false));
    let (address, token, over) = (server.http_address(), server.token(), is_over.clone());
    let writing = thread::spawn(move || {
        let mut client = testkit::Raw::connect(address);
        let mut made = 0;
        while !over.load(Ordering::Relaxed) || made == 0 {
            let body = r#"{"first_name":"Baru","last_name":"W"}"#;
            let answer = client.exchange(post("/user", &token, "", body));
            assert_eq!(answer.status, 201, "{}", answer.text());
            made += 1;
        }
        made
    });
    let text = copy(house.path(), FILE, &house.database.url());
    is_over.store(true, Ordering::Relaxed);
    assert!(writing.join().unwrap() > 0);
    for words in [
        "rows were copied in",
        "nobody could write",
        "\nperson ",
        "each table was read back and is the same in both",
        "in them alone",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    server.stop();

    // There it goes on, with the same token and an unbroken trail.
    let server = house.start();
    server.until_healthy();
    assert_eq!(adds(&server, "Citra"), 201);
    let trail = run(
        house.path(),
        &["audit", "verify", "--set", &house.leading()],
    );
    assert!(trail.good().contains("each in its place"));
    let back = "sqlite:data/back.db";
    let text = copy(house.path(), &house.database.url(), back);
    assert!(text.contains("is the same in both"), "{text}");
    server.stop();
    let set = format!("store.records={back}");
    let listed = run(house.path(), &["user", "list", "--set", &set]);
    assert!(listed.good().contains("Citra"));
    let trail = run(house.path(), &["audit", "verify", "--set", &set]);
    assert!(trail.good().contains("each in its place"));
}

impl House {
    fn start_on_file(&self) -> Server {
        Server::start(self.path(), &[])
    }
}

/// A copy that holds the old records, until it is told to end.
fn holding(house: &House) -> Child {
    let mut child = command(house.path())
        .args(["copy", "--hold", "--from", FILE, "--to"])
        .arg(house.database.url())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let held = lines
        .map_while(Result::ok)
        .find(|line| line.contains("until this command is ended"));
    assert!(held.is_some());
    child
}

#[test]
fn nothing_is_written_to_the_old_records_while_the_new_ones_are_put_in_force() {
    let house = House::default();
    let old = house.start_on_file();
    assert_eq!(adds(&old, "Ani"), 201);
    let mut child = holding(&house);
    assert_eq!(adds(&old, "Budi"), 503);
    let found = old.http().exchange(get("/user/2", &old.token()));
    assert_eq!(found.status, 200, "{}", found.text());
    let new = Server::start(house.path(), &["--takeover", "--set", &house.leading()]);
    assert_eq!(old.code(), Some(0), "{}", old.log());
    new.until_healthy();
    assert_eq!(adds(&new, "Budi"), 201);
    assert_eq!(house.database.sql("SELECT count(*) FROM person"), "3");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    new.stop();
}

#[test]
fn a_school_moves_through_a_pooler_and_back() {
    let house = House::default();
    let server = house.start_on_file();
    assert_eq!(adds(&server, "Ani"), 201);
    server.stop();
    let pooler = postgres::Pooler::before(&house.database);
    let url = postgres::url(pooler.address());
    for (from, to) in [(FILE, url.as_str()), (&url, "sqlite:back.db")] {
        let text = copy(house.path(), from, to);
        assert!(text.contains("is the same in both"), "{text}");
    }
    let people = "SELECT first_name FROM person ORDER BY id DESC LIMIT 1";
    assert_eq!(house.database.sql(people), "Ani");
}

#[test]
fn a_password_comes_from_a_file_and_never_from_the_address() {
    let house = House::of(postgres::Server::with(SCRAM, &[]));
    house.start_on_file().stop();
    let open = house.database.url();
    let exposed = open.replace("pendopo@", "pendopo:rahasia%20sekali@");
    let refused = run(house.path(), &["copy", "--from", FILE, "--to", &exposed]);
    let said = refused.complaint(2);
    assert!(said.contains("`--to-password-file`"), "{said}");
    assert!(!said.contains("rahasia"), "{said}");
    let words = ["copy", "--from", FILE, "--to", &open];
    let refused = run(house.path(), &words);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("password"), "{refused:?}");
    let file = house.path().join("password");
    std::fs::write(&file, format!("{}\n", postgres::PASSWORD)).unwrap();
    let file = file.to_str().unwrap();
    run(
        house.path(),
        &[&words[..], &["--to-password-file", file]].concat(),
    )
    .good();
    // Of the configuration, where no other is named.
    let set = format!("store.records_password_file={file}");
    let back = [
        "copy",
        "--from",
        &open,
        "--to",
        "sqlite:back.db",
        "--set",
        &set,
    ];
    run(house.path(), &back).good();
}

#[test]
fn a_copy_that_makes_no_sense_is_refused_with_the_mend() {
    let house = House::default();
    let directory = tempdir().unwrap();
    let complaint = |words: &[&str], code| {
        let ran = run(directory.path(), words);
        assert_eq!(ran.code, Some(code), "{ran:?}");
        ran.stderr
    };
    let url = house.database.url();
    let said = complaint(&["copy", "--from", "mysql://x", "--to", &url], 2);
    assert!(said.contains("`postgres://user@host/database`"), "{said}");
    let said = complaint(&["copy", "--from", FILE, "--to", FILE], 2);
    assert!(said.contains("name the same records"), "{said}");
    let said = complaint(&["copy", "--from", FILE, "--to", &url], 1);
    assert!(said.contains("there is no database at"), "{said}");
    house.start_on_file().stop();
    let file = format!("sqlite:{}", house.path().join("data/pendopo.db").display());
    complaint(
        &["copy", "--from", &file, "--to", "sqlite:elsewhere/x.db"],
        1,
    );
    copy(directory.path(), &file, &url);
    let said = complaint(&["copy", "--from", &file, "--to", &url], 1);
    assert!(said.contains("holds records already"), "{said}");
}
