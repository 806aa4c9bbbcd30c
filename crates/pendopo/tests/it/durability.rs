//! The proof of durability: what was answered 201 survives SIGKILL at any moment, once and with its audit entry.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
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

#[test]
fn what_was_answered_survives_a_kill_at_any_moment() {
    let directory = tempdir().unwrap();
    let (ledger, next) = (Mutex::new(Ledger::default()), AtomicUsize::new(0));
    for kill in 0..KILLS {
        let server = Server::start(directory.path(), &[]);
        write_until_killed(&server, &ledger, &next, pause(kill));
        assert_eq!(server.code(), None, "it was killed");
    }
    let server = Server::start(directory.path(), &[]);
    let mut client = server.https();
    let token = server.token();
    let mut ledger = ledger.into_inner().unwrap();
    for name in std::mem::take(&mut ledger.unanswered) {
        let id = add(&mut client, &token, &name).expect("a server that is not killed answers");
        ledger.answered.insert(name, id);
    }
    assert!(
        ledger.answered.len() > 10 * KILLS,
        "only {} writes took part",
        ledger.answered.len()
    );
    let people = people(&mut client, &token);
    server.stop();
    let expected: HashMap<&str, Vec<i64>> = ledger
        .answered
        .iter()
        .map(|(name, id)| (name.as_str(), vec![*id]))
        .collect();
    let found: HashMap<&str, Vec<i64>> = people
        .iter()
        .map(|(name, ids)| (name.as_str(), ids.clone()))
        .collect();
    assert_eq!(
        found, expected,
        "each name is there once, under the id that was answered"
    );
    audited(directory.path(), &ledger);
    assert!(
        run(directory.path(), &["audit", "verify"])
            .good()
            .contains("each in its place and unchanged")
    );
}

/// Between an early kill, in the middle of the handshakes, and a late one, after hundreds of writes.
fn pause(kill: usize) -> Duration {
    let [random] = school::secret::random_bytes::<1>();
    Duration::from_millis(5 + u64::try_from(kill % 4).unwrap() * 60 + u64::from(random) / 2)
}

/// Every client repeats what was not answered before, then goes on with new names, until the server is gone.
fn write_until_killed(
    server: &Server,
    ledger: &Mutex<Ledger>,
    next: &AtomicUsize,
    pause: Duration,
) {
    let token = server.token();
    let clients: Vec<Raw> = (0..CLIENTS).map(|_| server.https()).collect();
    thread::scope(|scope| {
        for mut client in clients {
            let token = &token;
            scope.spawn(move || while write_one(&mut client, token, ledger, next) {});
        }
        thread::sleep(pause);
        server.signal(Signal::KILL);
    });
}

fn write_one(client: &mut Raw, token: &str, ledger: &Mutex<Ledger>, next: &AtomicUsize) -> bool {
    let again = ledger.lock().unwrap().unanswered.pop();
    let name = again.unwrap_or_else(|| format!("m{}", next.fetch_add(1, Ordering::Relaxed)));
    let id = add(client, token, &name);
    let mut ledger = ledger.lock().unwrap();
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

/// Adds a person under a key of their name; the id, or none if the server went away before it answered.
fn add(client: &mut Raw, token: &str, name: &str) -> Option<i64> {
    let body = format!(r#"{{"first_name":"Murid","last_name":"{name}"}}"#);
    let answer = client
        .send(post("/user", token, name, &body))
        .try_response("POST")?;
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

/// Each answered write has exactly one audit entry, and the database is sound.
fn audited(directory: &Path, ledger: &Ledger) {
    let connection = rusqlite::Connection::open(directory.join("data/pendopo.db")).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let mut statement = connection
        .prepare("SELECT object_id FROM audit WHERE action = 'person.create' AND object_id > 1")
        .unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    let mut audited: Vec<i64> = rows.collect::<Result<_, _>>().unwrap();
    let mut answered: Vec<i64> = ledger.answered.values().copied().collect();
    audited.sort_unstable();
    answered.sort_unstable();
    assert_eq!(
        audited, answered,
        "each write has its entry, and no entry is without its write"
    );
}
