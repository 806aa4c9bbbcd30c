//! The command line beside a server, and where there is none.

use std::time::{Duration, Instant};

use super::house::House;
use crate::run::{run, run_with_input};
use crate::server::get;

impl House {
    /// Runs the binary with these words, on the database.
    fn run(&self, words: &[&str]) -> crate::run::Ended {
        run(self.path(), &[words, &["--set", &self.leading()]].concat())
    }
}

#[test]
fn every_command_that_works_with_people_tokens_and_the_trail_does_so_here() {
    let house = House::default();
    let server = house.start();
    let added = house.run(&[
        "user",
        "add",
        "Ani",
        "Wijaya",
        "--email",
        "ani@sekolah.example",
        "--role",
        "staff",
    ]);
    added.good();
    let token = house.run(&["token", "new", "ani@sekolah.example", "--label", "x"]);
    let mut lines = token.good().lines();
    let secret = lines
        .find_map(|line| line.strip_prefix("  "))
        .unwrap()
        .trim()
        .to_owned();
    let answer = server.http().exchange(get("/users", &secret));
    assert!(answer.text().contains("\"Ani\""), "{}", answer.text());
    let words = [
        "user",
        "passwd",
        "ani@sekolah.example",
        "--password-file",
        "-",
        "--set",
        &house.leading(),
    ];
    let asked = run_with_input(house.path(), &words, "kuda laut menari di awan\n");
    assert_eq!(asked.code, Some(0), "{asked:?}");
    assert!(house.run(&["user", "list"]).good().contains("Ani Wijaya"));
    let disabled = house.run(&["user", "disable", "ani@sekolah.example"]);
    disabled.good();
    // The running server may know the token for a moment more, and no longer than a second.
    let begun = Instant::now();
    while server.http().exchange(get("/users", &secret)).status != 401 {
        assert!(begun.elapsed() < Duration::from_secs(1), "it still works");
    }
    assert!(
        house
            .run(&["audit", "verify"])
            .good()
            .contains("entries, each in its place")
    );
    server.stop();
    assert!(house.run(&["user", "list"]).good().contains("Ani Wijaya"));
}

#[test]
fn doctor_and_the_status_page_say_what_the_database_is_like() {
    let house = House::default();
    let server = house.start();
    server.ask_until("/readyz", |answer| answer.status == 200);
    let private = format!("admin.listen={}", server.private());
    let doctor = house.run(&["doctor", "--set", &private]);
    for word in [
        "ok    store           PostgreSQL 1",
        "reads and writes; schema ",
        "connection: not encrypted",
        "statements: kept prepared",
        "ever proved: `pendopo backup create` makes one",
    ] {
        assert!(doctor.stdout.contains(word), "{word}: {}", doctor.stdout);
    }
    let facts = server.ask("/status");
    for fact in [
        "\"engine\":\"PostgreSQL 1",
        "\"health\":\"good\"",
        "\"statements\":\"kept prepared\"",
    ] {
        assert!(facts.text().contains(fact), "{fact}: {}", facts.text());
    }
    let healthy = run(house.path(), &["healthcheck", "--set", &private]);
    assert_eq!(healthy.code, Some(0), "{healthy:?}");
    server.stop();
}

#[test]
fn without_the_database_a_command_says_so() {
    let mut house = House::default();
    house.database.stop();
    for words in [["user", "list"], ["backup", "create"]] {
        let away = house.run(&words);
        assert!(away.complaint(1).contains("can't be used now"), "{away:?}");
    }
    let doctor = house.run(&["doctor", "--set", "admin.listen=127.0.0.1:1"]);
    assert!(doctor.stdout.contains("FAIL  store"), "{doctor:?}");
}
