//! Backups of a school whose messages and trail are on a MongoDB server: all of it goes in, and comes back on any store.

use std::path::PathBuf;

use tempfile::TempDir;

use super::{House, messages, say};
use crate::run::run;
use crate::server::Server;

/// More than a page of either.
const POSTED: usize = 620;

/// A school that was backed up, and whose people went on after it; the backup, its trail's length and its messages.
struct School {
    house: House,
    backup: PathBuf,
    entries: String,
    texts: Vec<String>,
}

fn texts(server: &Server, token: &str) -> Vec<String> {
    messages(&mut server.http(), token).into_keys().collect()
}

impl School {
    fn new() -> Self {
        let house = House::new();
        let server = house.start();
        server.ask_until("/readyz", |answer| answer.status == 200);
        let (mut client, token) = (server.http(), server.token());
        let post = |number| say(&mut client, &token, &format!("lama-{number}"));
        let last = (0..POSTED).map(post).last().flatten().unwrap();
        testkit::eventually("the messages are on the server", || {
            house.count("message.count_documents({})") == POSTED.to_string()
        });
        let request = format!(
            "DELETE /messages/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n",
            last - 300
        );
        assert_eq!(client.exchange(request).status, 204);
        let made = house.say(&["backup", "create"]);
        assert!(made.contains("the audit trail is sound"), "{made}");
        let list = house.say(&["backup", "list"]);
        let name = list.split(' ').next().unwrap();
        let texts = texts(&server, &token);
        assert_eq!(texts.len(), POSTED - 1);
        say(&mut client, &token, "later").unwrap();
        server.stop();
        Self {
            backup: house.path().join("data/backups").join(name),
            // One more was told after the backup.
            entries: (house.verified().parse::<u64>().unwrap() - 1).to_string(),
            house,
            texts,
        }
    }
}

#[test]
fn everything_comes_back_and_what_was_there_is_put_aside() {
    let school = School::new();
    let house = &school.house;
    let text = house.say(&["backup", "restore", school.backup.to_str().unwrap()]);
    assert!(
        text.contains("is kept there as `message_before_restore_"),
        "{text}"
    );
    assert!(
        text.contains("is kept there as `audit_before_restore_"),
        "{text}"
    );
    assert_eq!(house.count("message.count_documents({})"), "0");
    assert_eq!(house.verified(), school.entries);
    let server = house.start();
    server.ask_until("/readyz", |answer| answer.status == 200);
    let token = server.token();
    assert_eq!(texts(&server, &token), school.texts);
    // And goes on from there.
    assert!(say(&mut server.http(), &token, "baru").is_some());
    testkit::eventually("everything is moved anew", || {
        house.count("message.count_documents({'gone': {'$exists': False}})") == POSTED.to_string()
    });
    server.stop();
}

#[test]
fn it_comes_back_where_there_is_no_such_server() {
    let school = School::new();
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    run(
        path,
        &["backup", "restore", school.backup.to_str().unwrap()],
    )
    .good();
    let verified = run(path, &["audit", "verify"]);
    assert!(verified.good().starts_with(&school.entries), "{verified:?}");
    let server = Server::start(path, &[]);
    assert_eq!(texts(&server, &server.token()), school.texts);
    server.stop();
}
