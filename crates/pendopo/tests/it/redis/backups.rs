//! Backups of a school whose messages and sessions are on a Redis server.

use std::path::PathBuf;

use super::{House, sign_in};
use crate::run::run;
use crate::server::{Server, get, post};

/// More than a page.
const POSTED: usize = 450;
const KEYS: [&str; 2] = ["messages", "sessions"];

impl House {
    fn do_here(&self, words: &[&str]) -> String {
        let settings = self.words(&KEYS);
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        run(self.path(), &[words, &settings].concat())
            .good()
            .to_owned()
    }

    fn serving(&self) -> Server {
        let mut words = self.words(&KEYS);
        let limits = ["rate=10000r/s", "burst=10000"];
        let limits =
            limits.map(|limit| ["--set".to_owned(), format!("web.limit.messages.{limit}")]);
        words.extend(limits.into_iter().flatten());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let server = Server::start(self.path(), &words);
        server.ask_until("/readyz", |answer| answer.status == 200);
        server
    }
}

fn say(server: &Server, text: &str) {
    let body = format!(r#"{{"message":"{text}"}}"#);
    let asked = post("/messages", &server.token(), "", &body);
    let answer = server.http().exchange(asked);
    assert_eq!(answer.status, 201, "{}", answer.text());
}

/// The pages of messages, newest first.
fn pages(server: &Server) -> Vec<String> {
    let (mut client, token) = (server.http(), server.token());
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = client.exchange(get(&format!("/messages?limit=200{cursor}"), &token));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        pages.push(page["messages"].to_string());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
    }
}

fn account(server: &Server, cookie: &str) -> u16 {
    let request = format!(
        "GET /account HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\nCookie: {cookie}\r\n\r\n"
    );
    server.https().exchange(request).status
}

#[test]
fn messages_come_back_and_sessions_do_not() {
    let house = House::new();
    let server = house.serving();
    (0..POSTED).for_each(|number| say(&server, &format!("lama {number} \u{1f412}")));
    let made = house.do_here(&["backup", "create"]);
    assert!(made.contains("the audit trail is sound"), "{made}");
    let (before, cookie) = (pages(&server), sign_in(&mut server.https()));
    assert_eq!(account(&server, &cookie), 200);
    say(&server, "later");
    server.stop();
    let list = house.do_here(&["backup", "list"]);
    let name = list.split(' ').next().unwrap();
    let text = house.do_here(&["backup", "restore", name]);
    assert!(
        text.contains("is kept there as `{pendopo}:messages:before_restore_"),
        "{text}"
    );
    let server = house.serving();
    assert_eq!(pages(&server), before);
    assert_ne!(account(&server, &cookie), 200);
    let again = sign_in(&mut server.https());
    assert_eq!(account(&server, &again), 200);
    say(&server, "baru");
    let audit = house.do_here(&["audit", "verify"]);
    assert!(audit.contains("each in its place"), "{audit}");
    server.stop();

    // On the records alone as well.
    let elsewhere = tempfile::TempDir::new().unwrap();
    let file: PathBuf = house.path().join("data/backups").join(name);
    run(
        elsewhere.path(),
        &["backup", "restore", file.to_str().unwrap()],
    )
    .good();
    let server = Server::start(elsewhere.path(), &[]);
    assert_eq!(pages(&server), before);
    server.stop();
}
