//! Reads from a replica: who wrote sees it, through the real binary.

use testkit::postgres;

use super::house::House;
use crate::server::{Server, get, post};

/// The names of all users as this token's owner is shown them.
fn shown(server: &Server, token: &str) -> String {
    let answer = server.http().exchange(get("/users", token));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().to_owned()
}

#[test]
fn a_token_that_wrote_reads_it_at_once_and_a_replica_that_dies_is_not_missed() {
    let house = House::default();
    house.start().stop();
    let mut replica = postgres::Server::replica(&house.database);
    let reading = format!("store.records_read=[\"{}\"]", replica.url());
    let server = Server::start(
        house.path(),
        &["--set", &house.leading(), "--set", &reading],
    );
    let leading = house.leading();
    let words = [
        "token", "new", "admin", "--label", "other", "--set", &leading,
    ];
    let made = crate::run::run(house.path(), &words);
    let mut lines = made.good().lines();
    let other = lines
        .find_map(|line| line.strip_prefix("  "))
        .unwrap()
        .trim();
    let own = server.token();
    server.ask_until("/status", |facts| facts.text().contains(": at "));
    replica.sql("SELECT pg_wal_replay_pause()");
    let body = r#"{"first_name":"Budi","last_name":"Santoso"}"#;
    let made = server.http().exchange(post("/user", &own, "", body));
    assert_eq!(made.status, 201, "{}", made.text());
    let others = shown(&server, other);
    assert!(!others.contains("Budi"), "the replica is asked: {others}");
    assert!(shown(&server, &own).contains("Budi"));
    let begun = std::time::Instant::now();
    while !shown(&server, other).contains("Budi") {
        assert!(begun.elapsed().as_secs() < 20, "it lags for ever");
    }
    assert_eq!(replica.sql("SELECT pg_is_wal_replay_paused()"), "t");
    replica.kill();
    for _ in 0..5 {
        assert!(shown(&server, other).contains("Budi"));
    }
    server.ask_until("/status", |facts| facts.text().contains(": away ("));
    // It is not needed, and stays away; the primary's own health may have been looked at in a slow moment.
    server.ask_until("/readyz", |answer| answer.status == 200);
    server.stop();
}

/// The message page as a browser with these cookies is shown it.
fn board(server: &Server, cookies: &str) -> String {
    let request = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookies}\r\n");
    let answer = server.http().exchange(request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.text().to_owned()
}

#[test]
fn a_browser_that_wrote_reads_it_at_once_whichever_process_answers() {
    let house = House::default();
    house.start().stop();
    let replica = postgres::Server::replica(&house.database);
    let reading = format!("store.records_read=[\"{}\"]", replica.url());
    let words = ["--set", &house.leading(), "--set", &reading];
    let elsewhere = tempfile::TempDir::new().expect("a directory");
    let one = Server::start(house.path(), &words);
    let other = Server::start(elsewhere.path(), &words);
    for server in [&one, &other] {
        server.ask_until("/status", |facts| facts.text().contains(": at "));
    }
    replica.sql("SELECT pg_wal_replay_pause()");
    let form = "message=halo+dari+sini";
    let posted = one.http().exchange(format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    ));
    assert_eq!(posted.status, 303, "{}", posted.text());
    let cookie = posted.header("set-cookie").expect("a cookie");
    let (cookie, rest) = cookie.split_once(';').expect("what it is good for");
    assert!(
        rest.contains("HttpOnly") && rest.contains("Max-Age"),
        "{rest}"
    );
    let strangers = board(&other, "");
    assert!(
        !strangers.contains("halo dari sini"),
        "the replica is asked"
    );
    let own = board(&other, &format!("Cookie: {cookie}\r\n"));
    assert!(own.contains("halo dari sini"), "{own}");
    one.stop();
    other.stop();
}
