//! How the server ends: what is in flight finishes, and a second signal does not wait for it.

use std::net::TcpStream;

use rustix::process::Signal;
use tempfile::tempdir;
use testkit::eventually;

use crate::server::{Server, begin, get, post};

/// Their answers are more than the sockets' buffers hold: the server is in the middle of one when the signal comes.
const REQUESTS: usize = 400;
const BODY: &str = r#"{"first_name":"Ani","last_name":"Budi"}"#;

#[test]
fn a_slow_download_finishes_before_the_process_ends() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let mut client = server.http();
    client.send(
        get("/openapi.json", "")
            .replace("Authorization: Bearer \r\n", "")
            .repeat(REQUESTS),
    );
    let first = client.response();
    assert_eq!(first.status, 200, "{}", first.text());
    server.signal(Signal::TERM);
    // A worker that has closed its listener has told its connections.
    eventually("no listener", || {
        TcpStream::connect(server.http_address()).is_err()
    });
    let mut answers = 1;
    while let Some(answer) = client.try_response("GET") {
        assert_eq!(answer.body, first.body, "answer {answers} is whole");
        answers += 1;
    }
    assert!(
        answers < REQUESTS,
        "the server drained while it answered, not after"
    );
    assert_eq!(server.code(), Some(0), "{}", server.log());
}

#[test]
fn an_upload_in_flight_is_answered_and_new_connections_are_not() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let request = post("/user", &server.token(), "", BODY);
    let mut client = server.https();
    let end = begin(&mut client, &request);
    let mut idle = server.https();
    assert_eq!(idle.exchange(get("/users", &server.token())).status, 200);
    server.signal(Signal::INT);
    server.ask_until("/readyz", |answer| answer.status == 503);
    assert!(idle.is_closed(), "an idle connection is closed");
    assert_eq!(client.send(end).response().status, 201);
    assert_eq!(server.code(), Some(0), "{}", server.log());
}

#[test]
fn a_second_signal_ends_at_once_with_1() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let request = post("/user", &server.token(), "", BODY);
    let mut client = server.http();
    begin(&mut client, &request);
    server.signal(Signal::TERM);
    server.ask_until("/readyz", |answer| answer.text().contains("draining"));
    server.signal(Signal::TERM);
    assert_eq!(server.code(), Some(1), "{}", server.log());
}

#[test]
fn the_delay_lets_others_turn_away_before_anything_is_refused() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &["--set", "drain.delay=5m"]);
    let mut idle = server.http();
    assert_eq!(idle.exchange(get("/users", &server.token())).status, 200);
    server.signal(Signal::TERM);
    server.ask_until("/readyz", |answer| answer.status == 503);
    let health = server.https().exchange(get("/health", &server.token()));
    assert_eq!(health.status, 503, "an edge before it turns away by this");
    let answer = server.https().exchange(get("/users", &server.token()));
    assert_eq!(
        (answer.status, answer.header("connection")),
        (200, Some("close"))
    );
    assert_eq!(idle.exchange(get("/users", &server.token())).status, 200);
    assert!(idle.is_closed());
    server.signal(Signal::TERM);
    assert_eq!(server.code(), Some(1), "{}", server.log());
}
