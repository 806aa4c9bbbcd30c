//! The real binary with messages and the audit trail on a MongoDB server, over TLS with a certificate and a password.

mod backups;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;
use testkit::Raw;
use testkit::mongo::{self, PASSWORD};

use crate::run::run;
use crate::server::{QUIET, Server, Starting, get, post};

const KILLS: u64 = 6;
const CLIENTS: usize = 6;
const BUDI: &str = r#"{"first_name":"Budi","last_name":"Santoso"}"#;

/// A MongoDB server, and one directory for ours.
struct House {
    database: mongo::Server,
    directory: TempDir,
}

impl House {
    fn new() -> Self {
        let house = Self {
            database: mongo::Server::default(),
            directory: TempDir::new().unwrap(),
        };
        let file = house.directory.path().join("password");
        fs::write(&file, format!("{PASSWORD}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let (url, file) = (house.database.url("school"), file.display().to_string());
        let settings = format!(
            "[web.limit.messages]\nrate = \"10000r/s\"\nburst = 10000\n[store]\nmessages = \"{url}\"\nmessages_password_file = \"{file}\"\naudit = \"{url}\"\naudit_password_file = \"{file}\"\n"
        );
        fs::write(house.settings(), settings).unwrap();
        house
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn settings(&self) -> String {
        self.path().join("pendopo.toml").display().to_string()
    }

    fn start(&self) -> Server {
        Server::start(self.path(), &["--config", &self.settings()])
    }

    /// What a command of ours says.
    fn say(&self, words: &[&str]) -> String {
        let settings = self.settings();
        let words = [words, &["--config", &settings]].concat();
        run(self.path(), &words).good().to_owned()
    }

    /// How many entries the sound trail has.
    fn verified(&self) -> String {
        let told = self.say(&["audit", "verify"]);
        assert!(told.contains("each in its place and unchanged"), "{told}");
        told.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    fn count(&self, what: &str) -> String {
        self.database
            .python(&format!("print(client['school'].{what})"))
    }
}

fn body(text: &str) -> String {
    format!(r#"{{"message":"{text}"}}"#)
}

/// Every message, each by its text, with the numbers under which it stands.
fn messages(client: &mut Raw, token: &str) -> BTreeMap<String, Vec<i64>> {
    let (mut found, mut cursor) = (BTreeMap::<String, Vec<i64>>::new(), String::new());
    loop {
        let answer = client.exchange(get(&format!("/messages?limit=200{cursor}"), token));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        for message in page["messages"].as_array().unwrap() {
            let text = message["message"].as_str().unwrap().to_owned();
            found
                .entry(text)
                .or_default()
                .push(message["id"].as_i64().unwrap());
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[test]
fn started_before_its_server_it_names_it_and_serves_messages_when_that_comes() {
    let mut house = House::new();
    house.database.stop();
    let server = Starting::start(house.path(), &["--config", &house.settings()]).ready();
    let ready = server.ask("/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.text().contains(r#""messages":""#), "{}", ready.text());
    let (mut client, token) = (server.http(), server.token());
    for path in ["/", "/messages", "/health"] {
        let refused = client.exchange(get(path, &token));
        let retry = refused.header("retry-after");
        assert_eq!((refused.status, retry), (503, Some("2")), "{path}");
    }
    // People are with the records.
    assert_eq!(client.exchange(get("/users", &token)).status, 200);
    house.database.start();
    server.ask_until("/readyz", |answer| answer.status == 200);
    let posted = client.exchange(post("/messages", &token, "", &body("Halo")));
    assert_eq!(posted.status, 201, "{}", posted.text());
    assert_eq!(messages(&mut client, &token).len(), 1);
    testkit::eventually("the message is on the server", || {
        house.count("message.count_documents({'message': 'Halo'})") == "1"
    });
    server.stop();
}

#[test]
fn a_server_that_is_killed_and_comes_back_needs_no_restart_and_nothing_is_told_twice() {
    let mut house = House::new();
    let server = house.start();
    server.ask_until("/readyz", |answer| answer.status == 200);
    let (mut client, token) = (server.http(), server.token());
    let first = client.exchange(post("/messages", &token, "first", &body("satu")));
    assert_eq!(first.status, 201, "{}", first.text());
    house.database.kill();
    server.ask_until("/readyz", |answer| answer.status == 503);
    let refused = client.exchange(post("/messages", &token, "second", &body("dua")));
    let retry = refused.header("retry-after");
    assert_eq!(
        (refused.status, retry),
        (503, Some("2")),
        "{}",
        refused.text()
    );
    for path in ["/messages", "/"] {
        assert_eq!(client.exchange(get(path, &token)).status, 503, "{path}");
    }
    // What the trail tells of is written; the entry waits.
    let made = client.exchange(post("/user", &token, "made", BUDI));
    assert_eq!(made.status, 201, "{}", made.text());
    house.database.start();
    server.ask_until("/readyz", |answer| answer.status == 200);
    let again = client.exchange(post("/messages", &token, "first", &body("satu")));
    assert_eq!((again.status, again.body), (201, first.body));
    let second = client.exchange(post("/messages", &token, "second", &body("dua")));
    assert_eq!(second.status, 201, "{}", second.text());
    let found: Vec<usize> = messages(&mut client, &token)
        .values()
        .map(Vec::len)
        .collect();
    assert_eq!(found, [1, 1]);
    server.stop();
    // A start tells three entries.
    assert_eq!(house.verified(), "6");
}

#[test]
fn only_the_trail_away_is_told_and_harms_nobody() {
    let mut house = House::new();
    let settings = fs::read_to_string(house.settings()).unwrap();
    let lines = settings
        .lines()
        .filter(|line| !line.starts_with("messages"));
    fs::write(house.settings(), lines.collect::<Vec<_>>().join("\n")).unwrap();
    let server = house.start();
    let (mut client, token) = (server.http(), server.token());
    house.database.kill();
    server.ask_until("/readyz", |answer| {
        let told = answer.text().to_string();
        let is_told = |state| told.contains(&format!(r#""audit":"{state}""#));
        answer.status == 200 && !is_told("ready") && !is_told("starting")
    });
    for (path, status) in [("/health", 200), ("/messages", 200), ("/users", 200)] {
        assert_eq!(client.exchange(get(path, &token)).status, status, "{path}");
    }
    let made = client.exchange(post("/user", &token, "", BUDI));
    assert_eq!(made.status, 201, "{}", made.text());
    house.database.start();
    server.ask_until("/readyz", |answer| {
        answer.text().contains(r#""audit":"ready""#)
    });
    server.stop();
    assert_eq!(house.verified(), "4");
}

/// What the clients know: the number that was answered for each text, and the texts for which none was.
#[derive(Default)]
struct Ledger {
    answered: Mutex<BTreeMap<String, Vec<i64>>>,
    waiting: Mutex<Vec<String>>,
    next: AtomicUsize,
}

impl Ledger {
    /// Posts what waits, or something new; whether it was answered.
    fn post_one(&self, client: &mut Raw, token: &str) -> bool {
        let waiting = self.waiting.lock().unwrap().pop();
        let number = || self.next.fetch_add(1, Ordering::Relaxed);
        let text = waiting.unwrap_or_else(|| format!("m{}", number()));
        let Some(id) = say(client, token, &text) else {
            self.waiting.lock().unwrap().push(text);
            return false;
        };
        self.answered.lock().unwrap().insert(text, vec![id]);
        true
    }

    fn post_until_gone(&self, mut client: Raw, token: &str) {
        while self.post_one(&mut client, token) {}
    }

    fn post_until_killed(&self, server: &Server, pause: Duration) {
        let token = &server.token();
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                let client = server.http();
                scope.spawn(move || self.post_until_gone(client, token));
            }
            thread::sleep(pause);
            server.signal(Signal::KILL);
        });
    }
}

#[test]
fn what_was_answered_survives_a_kill_at_any_moment_with_its_entry() {
    let (house, ledger) = (House::new(), Ledger::default());
    for kill in 0..KILLS {
        let server = house.start();
        server.ask_until("/readyz", |answer| answer.status == 200);
        ledger.post_until_killed(&server, Duration::from_millis(100 + 60 * kill));
        assert_eq!(server.code(), None, "it was killed");
    }
    let server = house.start();
    server.ask_until("/readyz", |answer| answer.status == 200);
    let (mut client, token) = (server.http(), server.token());
    while !ledger.waiting.lock().unwrap().is_empty() {
        assert!(ledger.post_one(&mut client, &token), "it is not killed");
    }
    let answered = ledger.answered.into_inner().unwrap();
    assert!(answered.len() > 60, "only {} took part", answered.len());
    assert_eq!(messages(&mut client, &token), answered);
    let posts = "audit.distinct('object_id', {'action': 'message.post'})";
    let told = format!(
        "audit.count_documents({{'action': 'message.post'}}), len(client['school'].{posts})"
    );
    testkit::eventually("each message has its entry on the server", || {
        house.count(&told) == format!("{0} {0}", answered.len())
    });
    server.stop();
    house.verified();
}

/// Posts under a key of the text; the id, or none if the server went away before it answered.
fn say(client: &mut Raw, token: &str, text: &str) -> Option<i64> {
    let answer = client
        .send(post("/messages", token, text, &body(text)))
        .try_response("POST")?;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let made: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    made["id"].as_i64()
}

#[test]
fn doctor_tells_of_both_and_no_secret_is_shown() {
    let house = House::new();
    let server = house.start();
    server.ask_until("/readyz", |answer| answer.status == 200);
    let told = house.say(&["doctor"]);
    for expected in ["messages", "audit", "MongoDB 8"] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let shown = [
        told,
        house.say(&["check"]),
        server.log(),
        server.ask("/readyz").text().to_string(),
    ];
    for text in shown {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    server.stop();
}

#[test]
fn a_trail_that_was_moved_is_not_left_behind() {
    let house = House::new();
    let server = house.start();
    let database = rusqlite::Connection::open(house.path().join("data/pendopo.db")).unwrap();
    let moved = "SELECT value FROM counter WHERE name = 'audit_moved'";
    testkit::eventually("entries have left the records", || {
        let moved: i64 = database.query_row(moved, [], |row| row.get(0)).unwrap();
        moved > 0
    });
    server.stop();
    fs::remove_file(house.settings()).unwrap();
    let refused = run(house.path(), &QUIET);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("`store.audit` names no server any more"),
        "{refused:?}"
    );
}
