//! Archives of a server's records: of one moment, the same on every engine, and put back whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::Opened;
use store::archive::{self, Contents, Manifest, Origin, Stage};
use store::backup::{BackupError, Backups, Place as Kept, State, is_blank, replace};
use store::postgres::Options;
use tempfile::TempDir;
use testkit::postgres::Server;
use tokio::task::spawn_blocking;

use super::house::House;
use crate::person::{NOON, add, names, sound_entries, total};
use crate::place::Place;

/// Everything that engines could see differently: texts that languages order otherwise than bytes do, characters beyond
/// the first plane, the largest and smallest numbers, and nothing.
const ODD: &str = "INSERT INTO token (hash, person_id, label, scope, created_at, expires_at)
      VALUES (HASH, 1, 'kantor \u{1f412}', 'read', -9223372036854775808, NULL);
    INSERT INTO token (id, hash, person_id, label, scope, created_at) VALUES (70, HASH2, 2, '', 'write', 9223372036854775807);
    INSERT INTO message (message, person_id, created_at) VALUES ('Besok \"libur\" \u{10ffff}\\', 2, 7), ('a', NULL, 8);
    INSERT INTO idempotency (caller, key, fingerprint, at, object_id, after) VALUES
      ('b', 'Z', HASH, 1, 2, '{}'), ('B', 'a', HASH, 1, 2, '{}'), ('b', '_', HASH, 1, 2, '{}'), ('b', 'a', HASH, 1, 2, '{}'),
      ('\u{e9}', 'A', HASH, 1, 2, '{}'), ('z', '\u{1f412}', HASH, 1, 2, '{}'), ('z', '\u{ffee}', HASH, 1, 2, '{}');
    INSERT INTO removed_message (id, is_moved) VALUES (9000000000000000000, 1);
    INSERT INTO setting (name, value) VALUES ('zeta', BYTES), ('Alpha', BYTES);
    INSERT INTO ban (network, reason, made_by, since, until, is_forced) VALUES ('203.0.113.0/24', 'a\\b', 'console', 1, NULL, 0),
      ('2001:db8::/64', '', 'console', 1, 9, 1), ('::/0', '', 'console', 1, 9, 1), ('9.0.0.0/8', '', 'console', 1, 9, 1)";

fn odd(bytes: fn(&str) -> String) -> String {
    let hash = |digit: &str| bytes(&digit.repeat(64));
    ODD.replace("HASH2", &hash("b"))
        .replace("HASH", &hash("a"))
        .replace("BYTES", &bytes("00ff10"))
}

async fn fill(opened: &Opened) {
    for name in ["Ayu", "Budi \u{1f412}", "\u{e9}mile"] {
        add(&opened.stores, name).await.unwrap();
    }
}

fn options(server: &Server) -> Options {
    Options::new(server.url().parse().unwrap())
}

fn origin(server: &Server) -> Origin {
    Origin::Postgres(Box::new(options(server)))
}

fn archived(records: &Origin) -> (Vec<u8>, Manifest) {
    let contents = Contents {
        records,
        beside: None,
        files: &[],
        texts: &[],
        version: "0.0.0-test",
        created_at: NOON.to_string(),
    };
    archive::create(Vec::new(), &contents, &mut |_, _| {}).unwrap()
}

/// The archive's records as a file.
fn restored(bytes: &[u8]) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    archive::restore(bytes, directory.path(), &mut |_, _, _| {}).unwrap();
    let database = directory.path().join(archive::DATABASE);
    (directory, database)
}

fn put(server: &Server, database: &Path) -> Result<(), BackupError> {
    replace(&options(server), database, &mut |_, _, _| {})?.commit()
}

/// Work that waits by itself, away from the threads that run tasks.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap()
}

#[tokio::test]
async fn records_go_from_one_engine_to_the_other_and_back_without_a_difference() {
    let place = Place::new();
    let opened = place.open();
    fill(&opened).await;
    opened.close();
    let sql = odd(|digits| format!("x'{digits}'"));
    place.connect().execute_batch(&sql).unwrap();
    let file = Origin::Sqlite(place.path());
    let server = Server::default();

    let (server, first, second, third) = apart(move || {
        let (bytes, first) = archived(&file);
        let (_directory, database) = restored(&bytes);
        assert!(is_blank(&options(&server)).unwrap());
        put(&server, &database).unwrap();
        let (bytes, second) = archived(&origin(&server));
        let (_directory, database) = restored(&bytes);
        let (_, third) = archived(&Origin::Sqlite(database));
        (server, first, second, third)
    })
    .await;
    assert_eq!(first.tables, second.tables);
    assert_eq!(first.tables, third.tables);
    assert_eq!(first.head, second.head, "the numbers go on alike");

    let house = House::of(server).await;
    assert_eq!(sound_entries(house.stores()).await, 3);
    assert_eq!(total(house.stores()).await, 3);
    assert_eq!(names(house.stores()).await[1], "Budi \u{1f412}");
    assert_eq!(add(house.stores(), "Eka").await.unwrap(), 4);
    assert_eq!(sound_entries(house.stores()).await, 4);
    assert_eq!(
        house.server.sql("SELECT nextval('token_id_seq')"),
        "71",
        "a number is never given twice"
    );
}

#[tokio::test]
async fn an_archive_of_a_server_made_among_writes_is_of_one_moment() {
    let house = House::new().await;
    for number in 0..50 {
        add(house.stores(), &format!("Murid {number}"))
            .await
            .unwrap();
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let (stores, over) = (house.stores().clone(), is_over.clone());
    let writing = tokio::spawn(async move {
        let mut made = 0;
        while !over.load(Ordering::Relaxed) || made == 0 {
            add(&stores, "Baru").await.unwrap();
            made += 1;
        }
    });
    let origin = origin(&house.server);
    let archives = apart(move || (0..4).map(|_| archived(&origin).0).collect::<Vec<_>>()).await;
    is_over.store(true, Ordering::Relaxed);
    writing.await.unwrap();
    for bytes in archives {
        let (_directory, database) = restored(&bytes);
        let opened = store::sqlite::open(&database, &store::sqlite::Options::default()).unwrap();
        let people = names(&opened.stores).await.len();
        assert!(people >= 50);
        assert_eq!(total(&opened.stores).await, people as u64);
        assert_eq!(
            sound_entries(&opened.stores).await,
            i64::try_from(people).unwrap()
        );
    }
}

#[tokio::test]
async fn more_rows_than_a_page_come_in_order() {
    let place = Place::new();
    place.open().close();
    place.fill(2_500);
    let server = Server::default();
    apart(move || {
        let (bytes, first) = archived(&Origin::Sqlite(place.path()));
        let (_directory, database) = restored(&bytes);
        let mut told = Vec::new();
        let mut tell = |stage, done, all| told.push((stage, done, all));
        let replaced = replace(&options(&server), &database, &mut tell);
        replaced.unwrap().commit().unwrap();
        let rows = first.rows();
        let steps = |stage| (1..=rows).map(move |done| (stage, done, rows));
        let expected = steps(Stage::Writing).chain(steps(Stage::Comparing));
        assert_eq!(told, expected.collect::<Vec<_>>());
        assert_eq!(archived(&origin(&server)).1.tables, first.tables);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_committed_or_fails_changes_nothing() {
    let house = House::new().await;
    fill(&house.opened).await;
    house.server.sql(&odd(|digits| format!("'\\x{digits}'")));
    let House { server, opened } = house;
    opened.close();
    drop(opened);
    apart(move || {
        let (bytes, before) = archived(&origin(&server));
        let (_directory, database) = restored(&bytes);
        let connection = rusqlite::Connection::open(&database).unwrap();
        connection
            .execute_batch("DELETE FROM message; UPDATE person SET first_name = 'Lain'")
            .unwrap();
        let written = replace(&options(&server), &database, &mut |_, _, _| {}).unwrap();
        drop(written);
        assert_eq!(archived(&origin(&server)).1, before);
        // What this engine can't keep.
        connection
            .execute_batch("UPDATE person SET first_name = 'a' || char(0) WHERE id = 2")
            .unwrap();
        let refused = put(&server, &database).unwrap_err().to_string();
        assert!(refused.contains("the character NUL"), "{refused}");
        assert_eq!(archived(&origin(&server)).1, before);
        // What the server refuses in its middle.
        connection
            .execute_batch("UPDATE person SET first_name = 'b' WHERE id = 2")
            .unwrap();
        server.sql("ALTER TABLE person ADD CHECK (first_name <> 'b')");
        let refused = put(&server, &database).unwrap_err().to_string();
        assert!(refused.contains("person_first_name_check"), "{refused}");
        assert_eq!(archived(&origin(&server)).1, before);
        assert_eq!(server.sql("SELECT nextval('token_id_seq')"), "2");
        // And the same without the rule.
        server.sql("ALTER TABLE person DROP CONSTRAINT person_first_name_check1");
        put(&server, &database).unwrap();
        assert_ne!(archived(&origin(&server)).1.tables, before.tables);
    })
    .await;
}

#[tokio::test]
async fn records_that_somebody_works_with_are_not_replaced() {
    let house = House::new().await;
    fill(&house.opened).await;
    let place = Place::new();
    place.open().close();
    let House { server, opened } = house;
    let (server, place) = apart(move || {
        let refused = put(&server, &place.path()).unwrap_err().to_string();
        assert!(refused.contains("stop every server"), "{refused}");
        (server, place)
    })
    .await;
    assert_eq!(total(&opened.stores).await, 3);
    opened.close();
    drop(opened);
    apart(move || {
        assert!(!is_blank(&options(&server)).unwrap());
        put(&server, &place.path()).unwrap();
        assert!(is_blank(&options(&server)).unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_newer_schema_is_neither_archived_nor_replaced() {
    let House { server, opened } = House::new().await;
    opened.close();
    drop(opened);
    server.sql("INSERT INTO migration VALUES (999, 'later', '\\x00', 0)");
    let place = Place::new();
    place.open().close();
    apart(move || {
        let refused = put(&server, &place.path()).unwrap_err().to_string();
        assert!(refused.contains("has schema 999"), "{refused}");
        let contents = Contents {
            records: &origin(&server),
            beside: None,
            files: &[],
            texts: &[],
            version: "0.0.0-test",
            created_at: NOON.to_string(),
        };
        let refused = archive::create(Vec::new(), &contents, &mut |_, _| {});
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("has schema 999"), "{refused}");
    })
    .await;
}

#[tokio::test]
async fn two_processes_do_not_make_a_backup_of_the_same_records_at_once() {
    let House { server, opened } = House::new().await;
    fill(&opened).await;
    apart(move || {
        let folders = [TempDir::new().unwrap(), TempDir::new().unwrap()];
        let backups = |folder: &TempDir| {
            let path = folder.path().to_owned();
            Backups::new(Kept::Folder(path.clone()), path, None)
        };
        let records = origin(&server);
        let contents = Contents {
            records: &records,
            beside: None,
            files: &[],
            texts: &[],
            version: "0.0.0-test",
            created_at: NOON.to_string(),
        };
        let mut told = Vec::new();
        let other = || backups(&folders[1]).create(&contents, NOON, &mut |_, _, _| {});
        let made = backups(&folders[0]).create(&contents, NOON, &mut |_, _, _| {
            let other = other();
            told.push(other.unwrap_err().to_string());
        });
        assert!(made.unwrap().note.unwrap().broken_trail.is_none());
        assert!(!told.is_empty());
        assert!(told[0].contains("another process"), "{told:?}");
        assert_eq!(other().unwrap().state(), State::Proved);
    })
    .await;
}
