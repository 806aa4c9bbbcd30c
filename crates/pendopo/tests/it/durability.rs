//! The proof of durability: what was answered 201 survives SIGKILL at any moment, once and with its audit entry.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::tempdir;
use testkit::Raw;

use crate::run::run;
use crate::server::{Server, get, post};

const KILLS: usize = 24;
const CLIENTS: usize = 12;

/// What the clients know: the id that was answered for each name, or that none was.
#[derive(Default)]
struct Ledger {
    answered: BTreeMap<String, i64>,
    unanswered: Vec<String>,
}

/// Clients that write while something is killed, and what came of it.
#[derive(Default)]
pub(crate) struct Proof {
    ledger: Mutex<Ledger>,
    next: AtomicUsize,
}

#[test]
fn what_was_answered_survives_a_kill_at_any_moment() {
    let directory = tempdir().unwrap();
    let proof = Proof::default();
    for kill in 0..KILLS {
        let server = Server::start(directory.path(), &[]);
        proof.round(&server, kill, || server.signal(Signal::KILL));
        assert_eq!(server.code(), None, "it was killed");
    }
    let server = Server::start(directory.path(), &[]);
    let answered = proof.conclude(server, 10 * KILLS);
    assert_eq!(
        audited(directory.path()),
        answered,
        "each write has its entry, and no entry is without its write"
    );
    assert!(
        run(directory.path(), &["audit", "verify"])
            .good()
            .contains("each in its place and unchanged")
    );
}

impl Proof {
    /// Every client repeats what was not answered before, then goes on with new names, until somebody was killed.
    pub(crate) fn round(&self, server: &Server, number: usize, kill: impl FnOnce()) {
        let token = server.token();
        let clients: Vec<Raw> = (0..CLIENTS).map(|_| server.https()).collect();
        thread::scope(|scope| {
            for client in clients {
                scope.spawn(|| self.write(client, &token));
            }
            thread::sleep(pause(number));
            kill();
        });
    }

    fn write(&self, mut client: Raw, token: &str) {
        while self.write_one(&mut client, token) {}
    }

    fn write_one(&self, client: &mut Raw, token: &str) -> bool {
        let again = self.ledger.lock().unwrap().unanswered.pop();
        let name = again.unwrap_or_else(|| format!("m{}", self.next.fetch_add(1, Relaxed)));
        let id = add(client, token, &name);
        let mut ledger = self.ledger.lock().unwrap();
        match id {
            Some(id) => assert_eq!(
                ledger.answered.insert(name, id),
                None,
                "a name is answered once"
            ),
            None => ledger.unanswered.push(name),
        }
        id.is_some()
    }

    /// Repeats what was never answered, and compares what there is with what was answered: at least so many writes. The
    /// ids in their order.
    pub(crate) fn conclude(self, server: Server, least: usize) -> Vec<i64> {
        let (mut client, token) = (server.https(), server.token());
        let mut ledger = self.ledger.into_inner().unwrap();
        for name in std::mem::take(&mut ledger.unanswered) {
            let id = add(&mut client, &token, &name).expect("a server that is not killed answers");
            ledger.answered.insert(name, id);
        }
        let count = ledger.answered.len();
        assert!(count > least, "only {count} writes took part");
        let found = people(&mut client, &token);
        server.stop();
        let expected: BTreeMap<String, Vec<i64>> = ledger
            .answered
            .iter()
            .map(|(name, id)| (name.clone(), vec![*id]))
            .collect();
        assert_eq!(
            found, expected,
            "each name is there once, under the id that was answered"
        );
        let mut answered: Vec<i64> = ledger.answered.into_values().collect();
        answered.sort_unstable();
        answered
    }
}

/// Between an early kill, in the middle of the handshakes, and a late one, after hundreds of writes.
fn pause(kill: usize) -> Duration {
    let [random] = school::secret::random_bytes::<1>();
    Duration::from_millis(5 + u64::try_from(kill % 4).unwrap() * 60 + u64::from(random) / 2)
}

/// Adds a person under a key of their name; the id, or none if the server or its database went away before it answered.
fn add(client: &mut Raw, token: &str, name: &str) -> Option<i64> {
    let body = format!(r#"{{"first_name":"Murid","last_name":"{name}"}}"#);
    let answer = client
        .send(post("/user", token, name, &body))
        .try_response("POST")?;
    if answer.status == 503 {
        return None;
    }
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer
        .header("location")
        .and_then(|path| path.strip_prefix("/user/")?.parse().ok());
    Some(id.expect("a number in `Location`"))
}

/// The ids of each last name, without the first administrator.
fn people(client: &mut Raw, token: &str) -> BTreeMap<String, Vec<i64>> {
    let mut people: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for offset in (0..).step_by(200) {
        let answer = client.exchange(get(&format!("/users?limit=200&offset={offset}"), token));
        let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let users = page["users"].as_array().expect("a list of users");
        for user in users.iter().filter(|user| user["id"] != 1) {
            let name = user["last_name"].as_str().expect("a name").to_owned();
            people
                .entry(name)
                .or_default()
                .push(user["id"].as_i64().expect("a number"));
        }
        if users.len() < 200 {
            break;
        }
    }
    people
}

/// The objects of the audit entries about new people, in their order; the database is sound.
fn audited(directory: &Path) -> Vec<i64> {
    let connection = rusqlite::Connection::open(directory.join("data/pendopo.db")).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let mut statement = connection
        .prepare("SELECT object_id FROM audit WHERE action = 'person.create' AND object_id > 1 ORDER BY object_id")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}
