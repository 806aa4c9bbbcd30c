//! `pendopo serve --takeover`: a new process goes on with the listeners of the old one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::tempdir;
use testkit::{Authority, Backend, Raw, Trust};

use crate::run::run;
use crate::server::{QUIET, Server, Starting, begin, get};

/// How often the binary is replaced.
const TIMES: usize = 20;

/// What the threads that ask have in common.
#[derive(Default)]
struct Load {
    is_over: AtomicBool,
    answers: AtomicUsize,
}

/// Ends the load when a request fails, so that nobody waits for more answers.
struct Guard<'a>(&'a Load);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, SeqCst);
    }
}

impl Load {
    /// Asks over and over; a connection is kept until an answer says that it is the last, or for one request.
    fn ask(&self, connect: &(dyn Fn() -> Raw + Sync), is_kept: bool) {
        let _guard = Guard(self);
        let mut client = connect();
        while !self.is_over.load(SeqCst) {
            let answer = client.exchange("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            assert_eq!(answer.status, 200, "{}", answer.text());
            self.answers.fetch_add(1, SeqCst);
            if !is_kept || answer.header("connection") == Some("close") {
                client = connect();
            }
        }
    }

    fn answers(&self) -> usize {
        self.answers.load(SeqCst)
    }

    /// Waits for so many answers more.
    fn await_more(&self, count: usize) {
        let before = self.answers();
        while self.answers() < before + count && !self.is_over.load(SeqCst) {
            thread::yield_now();
        }
    }
}

/// Every line of the access log: under each generation the numbers go up from 1 by one, and nothing was dropped.
fn all_logged(directory: &Path) -> usize {
    let mut last = BTreeMap::new();
    let logs = fs::read_dir(directory.join("data/logs")).unwrap();
    let names = logs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.contains("log")).count(), 1);
    let text = fs::read_to_string(directory.join("data/logs/access.log")).unwrap();
    for line in text.lines() {
        let line: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let number = |key: &str| line[key].as_u64().unwrap_or_default();
        let seq = last.entry(number("gen")).or_insert(0);
        assert_eq!((number("seq"), number("dropped")), (*seq + 1, 0), "{line}");
        *seq += 1;
    }
    usize::try_from(last.values().sum::<u64>()).unwrap()
}

#[test]
fn the_binary_is_replaced_twenty_times_under_load_and_no_request_fails() {
    let directory = tempdir().unwrap();
    let mut server = Server::start(directory.path(), &[]);
    let (http, https) = (server.http_address(), server.https_address());
    let trust = Trust::read(&directory.path().join("data/tls/ca.pem"));
    let plain = || Raw::connect(http);
    let secure = || trust.connect(https, "127.0.0.1");
    let load = Load::default();
    thread::scope(|scope| {
        let _guard = Guard(&load);
        for connect in [&plain as &(dyn Fn() -> Raw + Sync), &secure] {
            for is_kept in [true, false] {
                let load = &load;
                scope.spawn(move || load.ask(connect, is_kept));
            }
        }
        for _ in 0..TIMES {
            load.await_more(20);
            let next = Server::start(directory.path(), &["--takeover"]);
            assert_eq!(server.code(), Some(0), "{}", server.log());
            server = next;
        }
        load.await_more(20);
    });
    // The private listener and the control socket went along.
    assert_eq!(server.ask("/readyz").status, 200);
    assert_eq!(
        run(directory.path(), &["reload"]).good(),
        "nothing has changed\n"
    );
    server.stop();
    assert!(all_logged(directory.path()) >= load.answers());
}

#[test]
fn a_process_that_fails_to_take_over_leaves_the_old_one_as_it_was() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let mut client = server.http();
    let takeover = |words: &[&str]| {
        let words = [&QUIET[..], &["serve", "--takeover"], words].concat();
        run(directory.path(), &words)
    };
    let other = takeover(&["--role", "web"]);
    assert!(other.stderr.contains("another pendopo"), "{other:?}");
    // The certificate is read after everything was handed over.
    let failed = takeover(&[
        "--set",
        "edge.tls.certificate=/dev/null",
        "--set",
        "edge.tls.key=/dev/null",
    ]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    server.await_log("this one goes on");
    assert_eq!(client.exchange(get("/health", "")).status, 200);
    assert_eq!(server.https().exchange(get("/health", "")).status, 200);
    let unchanged = run(directory.path(), &["reload"]);
    assert_eq!(unchanged.good(), "nothing has changed\n");
    let next = Server::start(directory.path(), &["--takeover"]);
    server.await_log("another process has taken over");
    // Each thread hears of it by itself; then it says so with the next answer.
    loop {
        let answer = client.exchange(get("/health", ""));
        assert_eq!(answer.status, 200);
        if answer.header("connection") == Some("close") {
            break;
        }
    }
    assert!(client.is_closed());
    assert_eq!(server.code(), Some(0), "{}", server.log());
    next.stop();
}

#[test]
fn a_process_that_does_not_come_to_serve_is_waited_for_only_so_long() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &["--set", "drain.takeover=100ms"]);
    let ask = || {
        let mut taker = UnixStream::connect(directory.path().join("data/run/edge.sock")).unwrap();
        taker.write_all(b"\"take_over\"\n").unwrap();
        let mut told = BufReader::new(taker.try_clone().unwrap()).lines();
        assert!(told.next().unwrap().unwrap().contains("pieces"));
        (taker, told)
    };
    let (mut taker, mut told) = ask();
    server.await_log("this one goes on");
    // Too late.
    let _ = taker.write_all(b"ready\n");
    let why = told.next().unwrap().unwrap();
    assert!(
        why.contains("failed") && why.contains("drain.takeover"),
        "{why}"
    );
    run(directory.path(), &["reload"]).good();
    assert_eq!(server.http().exchange(get("/health", "")).status, 200);
    drop(ask());
    server.stop();
}

#[test]
fn a_process_that_takes_over_serves_though_the_old_one_dies_meanwhile() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let (certificate, key) = Authority::default().issue(directory.path(), &["localhost"]);
    // Whoever reads it waits for whoever writes it.
    let slow = directory.path().join("slow.pem");
    let made = std::process::Command::new("mkfifo").arg(&slow).status();
    assert!(made.unwrap().success());
    let setting = |key: &str, file: &Path| format!("edge.tls.{key}={}", file.display());
    let (slowly, key) = (setting("certificate", &slow), setting("key", &key));
    let words = ["--takeover", "--set", &slowly, "--set", &key];
    let next = Starting::start(directory.path(), &words);
    let mut feeding = fs::OpenOptions::new().write(true).open(&slow).unwrap();
    server.signal(Signal::KILL);
    assert_eq!(server.code(), None);
    let content = fs::read(&certificate).unwrap();
    fs::rename(&certificate, &slow).unwrap();
    feeding.write_all(&content).unwrap();
    drop(feeding);
    let next = next.ready();
    next.await_log("has ended before");
    assert_eq!(next.http().exchange(get("/health", "")).status, 200);
    assert_eq!(next.ask("/readyz").status, 200);
    next.stop();
}

#[test]
fn a_drained_target_stays_drained_and_none_is_drained_while_nobody_would_know() {
    let directory = tempdir().unwrap();
    let (one, other) = (Backend::saying("one"), Backend::saying("other"));
    let text = format!(
        "[[edge.upstream]]\nname = \"app\"\ntargets = [\"{}\", \"{}\"]\n\n[[edge.site]]\nupstream = \"app\"\n",
        one.url(),
        other.url()
    );
    fs::write(directory.path().join("pendopo.toml"), text).unwrap();
    let mut server = Server::start(directory.path(), &[]);
    let target = one.address().to_string();
    let mut taker = UnixStream::connect(directory.path().join("data/run/edge.sock")).unwrap();
    taker.write_all(b"\"take_over\"\n").unwrap();
    BufReader::new(&taker)
        .read_line(&mut String::new())
        .unwrap();
    for words in [&["drain", &target][..], &["reload"]] {
        let refused = run(directory.path(), words);
        assert!(
            refused.complaint(1).contains("is taking over"),
            "{refused:?}"
        );
    }
    drop(taker);
    server.await_log("this one goes on");
    run(directory.path(), &["drain", &target]).good();
    for _ in 0..2 {
        let next = Server::start(directory.path(), &["--takeover"]);
        assert_eq!(server.code(), Some(0), "{}", server.log());
        server = next;
        let mut client = server.http();
        for _ in 0..6 {
            assert_eq!(client.exchange(get("/", "")).text(), "other");
        }
    }
    run(directory.path(), &["drain", "--undo", &target]).good();
    let mut client = server.http();
    let mut told = [0; 2].map(|_| client.exchange(get("/", "")).text().to_owned());
    told.sort();
    assert_eq!(told, ["one", "other"]);
    server.stop();
}

#[test]
fn a_slow_upload_to_the_old_process_is_answered_by_it() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let request = crate::server::post(
        "/user",
        &server.token(),
        "",
        r#"{"first_name":"Ani","last_name":"Budi"}"#,
    );
    let mut client = server.https();
    let end = begin(&mut client, &request);
    let next = Server::start(directory.path(), &["--takeover"]);
    assert_eq!(next.http().exchange(get("/health", "")).status, 200);
    assert_eq!(client.send(end).response().status, 201);
    assert_eq!(server.code(), Some(0), "{}", server.log());
    let users = next.http().exchange(get("/users", &next.token()));
    assert!(users.text().contains("Budi"), "{}", users.text());
    next.stop();
}

#[test]
fn without_a_server_there_is_nothing_to_take_over_and_a_killed_one_leaves_nothing() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &["--takeover"]);
    server.signal(Signal::KILL);
    assert_eq!(server.code(), None);
    Server::start(directory.path(), &["--takeover"]).stop();
}
