//! Copies of records from engine to engine: whole, beside those who write, or not at all.

use std::path::Path;

use school::actor::Actor;
use school::messages::{self, MessageInput, Posting};
use school::people::{PersonPatch, delete, update};
use school::tokens::{self, NewToken, Scope};
use school::{PersonId, StoreError, Stores};
use store::Opened;
use store::archive::{Origin, TablePart};
use store::copying::{After, Copied, CopyError, Stage, copy};
use store::postgres::Options;
use tempfile::TempDir;
use testkit::postgres::Server;
use tokio::runtime::Runtime;
use traffic::ban_contract::{at as at_second, author, ban};

use super::house::open_at;
use crate::person::{NOON, add, names, sound_entries, total};
use crate::place::Place;

fn at_server(server: &Server) -> Origin {
    Origin::Postgres(Box::new(Options::new(server.url().parse().unwrap())))
}

fn at(path: &Path) -> Origin {
    Origin::Sqlite(path.to_owned())
}

fn copied(from: &Origin, to: &Origin) -> Result<Copied, CopyError> {
    copy(from, to, After::Open, &mut |_, _, _| {})
}

fn rows(tables: &[TablePart], name: &str) -> u64 {
    tables
        .iter()
        .find(|part| part.name == name)
        .map(|part| part.rows)
        .unwrap()
}

/// A school in a file with three people, and a runtime for what they do.
fn school() -> (Place, Opened, Runtime) {
    let place = Place::new();
    let opened = place.open();
    let runtime = Runtime::new().unwrap();
    for name in ["Ayu", "Budi \u{1f412}", "Citra"] {
        runtime.block_on(add(&opened.stores, name)).unwrap();
    }
    (place, opened, runtime)
}

async fn has_address(stores: &Stores, id: PersonId, address: Option<&str>) {
    let patch = PersonPatch {
        email: Some(address.map(str::to_owned)),
        ..PersonPatch::default()
    };
    let console = Actor::console();
    let done = update(stores, &console, id, None, &patch, NOON).await;
    done.unwrap();
}

async fn posts(stores: &Stores, text: &str) -> i64 {
    let input = MessageInput {
        message: text.to_owned(),
        name: None,
    };
    let new = input.check().unwrap();
    let console = Actor::console();
    let made = messages::post(stores, &console, Posting::Open, new, None, NOON);
    made.await.unwrap().into_object().id
}

async fn token(stores: &Stores, person_id: PersonId) -> i64 {
    let new = NewToken {
        person_id,
        label: "kantor".to_owned(),
        scope: Scope::Read,
        days: None,
    };
    let made = tokens::create(stores, &Actor::console(), new, NOON).await;
    made.unwrap().0.id
}

/// Before a copy: what will be changed while it is made.
async fn prepare(stores: &Stores) {
    has_address(stores, 1, Some("one@sekolah.example")).await;
    has_address(stores, 2, Some("two@sekolah.example")).await;
    for number in 0..5 {
        posts(stores, &format!("lama {number}")).await;
    }
    for person in [1, 2, 3] {
        token(stores, person).await;
    }
}

/// While a copy is made: everything that can happen to rows, names that change hands among it.
async fn disturb(stores: &Stores) {
    let console = Actor::console();
    has_address(stores, 1, None).await;
    has_address(stores, 2, Some("one@sekolah.example")).await;
    has_address(stores, 1, Some("two@sekolah.example")).await;
    delete(stores, &console, 3, None, NOON).await.unwrap();
    let made = add(stores, "Dewi").await.unwrap();
    token(stores, made).await;
    tokens::revoke(stores, &console, 2, NOON).await.unwrap();
    let passing = add(stores, "Eka").await.unwrap();
    delete(stores, &console, passing, None, NOON).await.unwrap();
    posts(stores, "baru \u{10ffff}").await;
    messages::remove(stores, &console, 2, NOON).await.unwrap();
    for number in 0..1_100 {
        posts(stores, &format!("banyak {number}")).await;
    }
}

/// Copies, with this done once rows were moved that it changes.
fn disturbed((from, to): (&Origin, &Origin), during: impl FnOnce()) -> Result<Copied, CopyError> {
    let mut during = Some(during);
    copy(from, to, After::Open, &mut |stage, done, all| {
        if stage == Stage::Moving
            && done == all
            && let Some(during) = during.take()
        {
            during();
        }
    })
}

#[test]
fn what_changes_between_the_steps_of_a_copy_is_in_it() {
    let (place, opened, runtime) = school();
    runtime.block_on(prepare(&opened.stores));
    let (gone, come) = (ban("203.0.113.7"), ban("2001:db8:1:2::/64"));
    runtime
        .block_on(opened.bans.put(&gone, None, &author()))
        .unwrap();
    let (server, directory) = (Server::default(), TempDir::new().unwrap());
    let (file, back) = (at(&place.path()), directory.path().join("back.db"));
    let there = at_server(&server);
    let first = disturbed((&file, &there), || {
        runtime.block_on(disturb(&opened.stores));
        runtime
            .block_on(opened.bans.remove(&gone, &author(), at_second(1)))
            .unwrap();
        runtime
            .block_on(opened.bans.put(&come, None, &author()))
            .unwrap();
    });
    let first = first.unwrap();
    assert!(first.entries > 1_100, "{}", first.entries);
    assert_eq!(rows(&first.tables, "person"), 3);
    assert_eq!(rows(&first.tables, "message"), 1_105);
    assert_eq!(rows(&first.tables, "token"), 2);
    opened.close();

    // The same once more, in the other direction and beside a server's writers.
    let moved = runtime.block_on(open_at(server.address()));
    assert_eq!(runtime.block_on(sound_entries(&moved.stores)), {
        i64::try_from(rows(&first.tables, "audit")).unwrap()
    });
    let second = disturbed((&there, &at(&back)), || {
        let again = async {
            has_address(&moved.stores, 1, Some("three@sekolah.example")).await;
            let made = add(&moved.stores, "Fitri").await.unwrap();
            assert_eq!(made, 6, "5 was given, and is not given again");
            posts(&moved.stores, "kembali").await;
        };
        runtime.block_on(again);
    });
    let second = second.unwrap();
    assert_eq!(second.entries, 3);
    assert_eq!(rows(&second.tables, "person"), 4);
    moved.close();
    let returned = store::sqlite::open(&back, &store::sqlite::Options::default()).unwrap();
    let found = runtime.block_on(names(&returned.stores));
    assert_eq!(found, ["Ayu", "Budi \u{1f412}", "Dewi", "Fitri"]);
    assert_eq!(runtime.block_on(total(&returned.stores)), 4);
    runtime.block_on(sound_entries(&returned.stores));
    let bans = runtime.block_on(returned.bans.list(at_second(0)));
    assert_eq!(bans.unwrap(), [come]);
    assert_eq!(runtime.block_on(add(&returned.stores, "G")).unwrap(), 7);
    assert_eq!(runtime.block_on(posts(&returned.stores, "x")), 1_108);
}

#[test]
fn what_nobody_told_the_trail_of_is_found_and_nothing_is_kept() {
    let (place, opened, _runtime) = school();
    let (server, directory) = (Server::default(), TempDir::new().unwrap());
    let elsewhere = directory.path().join("other.db");
    for to in [at_server(&server), at(&elsewhere)] {
        let refused = disturbed((&at(&place.path()), &to), || {
            let sql = "UPDATE person SET last_name = last_name || 'x' WHERE id = 2";
            place.connect().execute_batch(sql).unwrap();
        });
        let refused = refused.err().unwrap();
        assert!(
            matches!(&refused, CopyError::Differs(table) if table == "person"),
            "{refused}"
        );
    }
    assert_eq!(server.sql("SELECT count(*) FROM person"), "0");
    let left = std::fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 0);
    // Without it both are good.
    for to in [at_server(&server), at(&elsewhere)] {
        copied(&at(&place.path()), &to).unwrap();
    }
    opened.close();
}

#[test]
fn a_copy_is_made_only_where_nothing_is() {
    let (place, opened, runtime) = school();
    opened.close();
    let (server, other) = (Server::default(), Place::new());
    let file = at(&place.path());
    other.open().close();
    let before = std::fs::read(other.path()).unwrap();
    let refused = copied(&file, &at(&other.path())).err().unwrap();
    assert!(matches!(refused, CopyError::Exists(_)), "{refused}");
    assert_eq!(std::fs::read(other.path()).unwrap(), before);
    let there = runtime.block_on(open_at(server.address()));
    runtime.block_on(add(&there.stores, "Lain")).unwrap();
    there.close();
    drop(there);
    let refused = copied(&file, &at_server(&server)).err().unwrap();
    assert!(matches!(refused, CopyError::NotEmpty(_)), "{refused}");
    assert_eq!(server.sql("SELECT first_name FROM person"), "Lain");
    server.sql("INSERT INTO migration VALUES (999, 'later', '\\x00', 0)");
    let refused = copied(&file, &at_server(&server)).err().unwrap();
    assert!(refused.to_string().contains("has schema 999"), "{refused}");
}

#[test]
fn nobody_writes_while_a_copy_holds_the_records() {
    let (place, opened, runtime) = school();
    let server = Server::default();
    let (file, there) = (at(&place.path()), at_server(&server));
    let held = copy(&file, &there, After::Frozen, &mut |_, _, _| {}).unwrap();
    let refused = runtime.block_on(add(&opened.stores, "Dewi"));
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(runtime.block_on(names(&opened.stores)).len(), 3);
    drop(held);
    runtime.block_on(add(&opened.stores, "Dewi")).unwrap();
    opened.close();

    let opened = runtime.block_on(open_at(server.address()));
    let other = TempDir::new().unwrap();
    let back = at(&other.path().join("back.db"));
    let held = copy(&there, &back, After::Frozen, &mut |_, _, _| {}).unwrap();
    let refused = runtime.block_on(add(&opened.stores, "Dewi"));
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(runtime.block_on(names(&opened.stores)).len(), 3);
    drop(held);
    runtime.block_on(add(&opened.stores, "Dewi")).unwrap();
}
