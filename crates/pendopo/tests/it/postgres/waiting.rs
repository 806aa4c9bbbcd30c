//! A database that is not there yet, that goes, and that is none for this version.

use testkit::postgres::{Pooler, url};
use testkit::{Cable, Raw};

use super::house::House;
use crate::run::run;
use crate::server::{QUIET, Server, get, post};

const BUDI: &str = r#"{"first_name":"Budi","last_name":"Santoso"}"#;

#[test]
fn started_before_its_database_it_says_so_everywhere_and_serves_when_that_comes() {
    let mut house = House::default();
    house.database.stop();
    let mut starting = house.starting();
    let mut private = Raw::connect(starting.listening("admin"));
    let alive = private.exchange(get("/livez", ""));
    assert_eq!(alive.status, 200);
    let ready = private.exchange(get("/readyz", ""));
    assert_eq!(ready.status, 503);
    assert!(
        ready.text().contains(r#""store":"`postgres://"#),
        "{}",
        ready.text()
    );
    assert_eq!(private.exchange(get("/metrics", "")).status, 200);
    let mut public = Raw::connect(starting.listening("edge"));
    for path in ["/users", "/health", "/user/1"] {
        let refused = public.exchange(get(path, ""));
        assert_eq!(refused.status, 503, "{path}");
        assert_eq!(refused.header("retry-after"), Some("2"), "{path}");
        assert!(refused.text().contains("a store is away"), "{path}");
    }
    let page = public.exchange("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n");
    assert_eq!((page.status, page.header("retry-after")), (503, Some("2")));
    let (_, style) = page.text().split_once("/assets/style.").expect("a style");
    let (style, _) = style.split_once('"').expect("an end");
    let style = public.exchange(get(&format!("/assets/style.{style}"), ""));
    assert_eq!(style.status, 200);
    house.database.start();
    let server = starting.ready();
    server.ask_until("/readyz", |answer| answer.status == 200);
    // The same connection, which came before there was anything behind it.
    assert_eq!(public.exchange(get("/users", &server.token())).status, 200);
    server.stop();
}

#[test]
fn one_that_waits_ends_when_it_is_told_to() {
    let mut house = House::default();
    house.database.stop();
    let mut starting = house.starting();
    starting.listening("admin");
    assert_eq!(starting.stop(), Some(0));
}

#[test]
fn a_newer_schema_is_refused_at_once() {
    let house = House::default();
    house.start().stop();
    house
        .database
        .sql("INSERT INTO migration VALUES (999, 'later', '\\x00', 0)");
    let refused = run(
        house.path(),
        &[&QUIET[..], &["--set", &house.leading()]].concat(),
    );
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("has schema 999"), "{refused:?}");
    assert!(
        refused.stderr.contains("run the newer version"),
        "{refused:?}"
    );
}

#[test]
fn a_database_that_is_killed_and_comes_back_needs_no_restart_and_nothing_is_done_twice() {
    let mut house = House::default();
    let server = house.start();
    let (mut client, token) = (server.http(), server.token());
    let made = client.exchange(post("/user", &token, "first", BUDI));
    assert_eq!(made.status, 201, "{}", made.text());
    house.database.kill();
    let refused = client.exchange(post("/user", &token, "second", BUDI));
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert_eq!(refused.header("retry-after"), Some("2"));
    for path in ["/users", "/", "/health"] {
        let refused = client.exchange(get(path, &token));
        assert_eq!(
            (refused.status, refused.header("retry-after")),
            (503, Some("2")),
            "{path}"
        );
    }
    server.ask_until("/readyz", |answer| answer.status == 503);
    house.database.start();
    server.ask_until("/readyz", |answer| answer.status == 200);
    let first = client.exchange(post("/user", &token, "first", BUDI));
    assert_eq!((first.status, first.body), (201, made.body));
    let second = client.exchange(post("/user", &token, "second", BUDI));
    assert_eq!(second.status, 201, "{}", second.text());
    assert_eq!(house.database.sql("SELECT count(*) FROM person"), "3");
    server.stop();
}

#[test]
fn a_write_whose_answer_was_lost_on_the_way_is_done_once_when_it_is_repeated() {
    let house = House::default();
    let cable = Cable::to(house.database.address());
    let leading = format!("store.records={}", url(cable.address()));
    let server = Server::start(house.path(), &["--set", &leading]);
    let (mut client, token) = (server.http(), server.token());
    server.ask_until("/readyz", |answer| answer.status == 200);
    let people = || house.database.sql("SELECT count(*) FROM person");
    // What is cut may be what the server does of itself; then another write is made.
    let lost = (0..5).find(|number| {
        let before = people();
        cable.cut_after(b"COMMIT");
        let lost = client.exchange(post("/user", &token, &format!("lost-{number}"), BUDI));
        let is_lost = lost.status == 503;
        assert!(!is_lost || lost.header("retry-after") == Some("2"));
        is_lost && people() != before
    });
    let number = lost.expect("one that was done, and told to be lost");
    let before = people();
    let again = client.exchange(post("/user", &token, &format!("lost-{number}"), BUDI));
    assert_eq!(again.status, 201, "{}", again.text());
    assert_eq!(people(), before);
    server.stop();
}

#[test]
fn behind_a_pooler_of_transactions_everything_works_and_is_told() {
    let house = House::default();
    let pooler = Pooler::before(&house.database);
    let leading = format!("store.records={}", url(pooler.address()));
    let server = Server::start(house.path(), &["--set", &leading]);
    let (mut client, token) = (server.http(), server.token());
    for number in 0..20 {
        let made = client.exchange(post("/user", &token, &format!("n{number}"), BUDI));
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let listed = client.exchange(get("/users", &token));
    assert!(listed.text().contains("\"total\":21"), "{}", listed.text());
    server.ask_until("/status", |facts| {
        facts
            .text()
            .contains("sent anew each time, since something stands between")
    });
    server.stop();
}
