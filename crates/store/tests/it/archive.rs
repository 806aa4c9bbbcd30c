//! Archives: what goes in comes back, and what was harmed in between is found out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use school::actor::Actor;
use school::people::delete;
use store::archive::{self, ArchiveError, Contents, Manifest, Origin};
use tempfile::TempDir;

use crate::person::{NOON, add, names, sound_entries, total};
use crate::place::Place;

/// An archive in memory.
fn archived(database: &Path, files: &[(String, PathBuf)]) -> (Vec<u8>, Manifest) {
    let contents = Contents {
        records: &Origin::Sqlite(database.to_owned()),
        beside: None,
        files,
        texts: &[("pendopo.toml".to_owned(), "language = \"id\"\n".to_owned())],
        version: "0.0.0-test",
        created_at: NOON.to_string(),
    };
    archive::create(Vec::new(), &contents, &mut |_, _| {}).unwrap()
}

/// A directory in which an archive was restored.
struct Restored {
    directory: TempDir,
    manifest: Manifest,
}

impl Restored {
    fn of(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let directory = TempDir::new().unwrap();
        let manifest = archive::restore(bytes, directory.path(), &mut |_, _, _| {})?;
        Ok(Self {
            directory,
            manifest,
        })
    }

    fn database(&self) -> PathBuf {
        self.directory.path().join(archive::DATABASE)
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.directory.path().join(archive::FILES).join(name)).unwrap()
    }
}

/// A school with a little of everything; the last person was deleted again.
async fn school(place: &Place) {
    let opened = place.open();
    let (stores, console) = (&opened.stores, Actor::console());
    for name in ["Ayu", "Budi \u{1f412}", "Citra\u{200d}"] {
        add(stores, name).await.unwrap();
    }
    let last = add(stores, "Dewi").await.unwrap();
    delete(stores, &console, last, None, NOON).await.unwrap();
    opened.close();
    let rows = "INSERT INTO session (hash, person_id, created_at, last_seen_at) VALUES (zeroblob(32), 1, 0, 0);
        INSERT INTO token (hash, person_id, label, scope, created_at) VALUES (zeroblob(32), 1, 'kantor', 'read', 0);
        INSERT INTO message (message, person_id, created_at) VALUES ('Besok \"libur\"' || char(10) || 'ya?', 2, 7);
        INSERT INTO setting (name, value) VALUES ('cursor_key', x'00ff');
        INSERT INTO idempotency (caller, key, fingerprint, at, object_id, after)
          VALUES ('a', 'b', zeroblob(32), 1, 2, '{}');
        INSERT INTO ban (network, reason, made_by, since, until, is_forced)
          VALUES ('203.0.113.0/24', 'menebak \"sandi\"', 'console', 1, NULL, 0), ('2001:db8::/64', '', 'console', 1, 9, 1)";
    place.connect().execute_batch(rows).unwrap();
}

#[tokio::test]
async fn what_goes_in_comes_back_but_for_who_was_signed_in() {
    let place = Place::new();
    school(&place).await;
    let upload = place.directory().join("upload");
    fs::write(&upload, [0, 255, 10]).unwrap();
    let (bytes, manifest) = archived(
        &place.path(),
        &[("uploads/a b/\u{e9}.bin".to_owned(), upload)],
    );
    assert_eq!(
        archive::verify(&bytes[..], &mut |_, _| {}).unwrap(),
        manifest
    );

    let restored = Restored::of(&bytes).unwrap();
    assert_eq!(restored.manifest, manifest);
    assert_eq!(restored.file("uploads/a b/\u{e9}.bin"), [0, 255, 10]);
    assert_eq!(restored.file("pendopo.toml"), b"language = \"id\"\n");
    let (again, second) = archived(&restored.database(), &[]);
    assert_eq!(
        second.tables, manifest.tables,
        "an archive of what was restored is the same"
    );
    drop(again);
    let connection = rusqlite::Connection::open(restored.database()).unwrap();
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(
        (
            count("session"),
            count("token"),
            count("message"),
            count("setting"),
            count("ban")
        ),
        (0, 1, 1, 1, 2)
    );
    drop(connection);

    let opened =
        store::sqlite::open(&restored.database(), &store::sqlite::Options::default()).unwrap();
    assert_eq!(
        names(&opened.stores).await,
        ["Ayu", "Budi \u{1f412}", "Citra\u{200d}"]
    );
    assert_eq!(total(&opened.stores).await, 3);
    assert_eq!(sound_entries(&opened.stores).await, 5);
    assert_eq!(
        add(&opened.stores, "Eka").await.unwrap(),
        5,
        "the number 4 was given before"
    );
}

#[tokio::test]
async fn an_archive_made_among_writes_is_of_one_moment() {
    let place = Place::new();
    let opened = place.open();
    for number in 0..50 {
        add(&opened.stores, &format!("Murid {number}"))
            .await
            .unwrap();
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let (stores, over) = (opened.stores.clone(), is_over.clone());
    let writing = tokio::spawn(async move {
        let mut made = 0;
        while !over.load(Ordering::Relaxed) || made == 0 {
            add(&stores, "Baru").await.unwrap();
            made += 1;
        }
    });
    let path = place.path();
    let archives = tokio::task::spawn_blocking(move || {
        (0..5).map(|_| archived(&path, &[]).0).collect::<Vec<_>>()
    });
    let archives = archives.await.unwrap();
    is_over.store(true, Ordering::Relaxed);
    writing.await.unwrap();
    for bytes in archives {
        let restored = Restored::of(&bytes).unwrap();
        let opened =
            store::sqlite::open(&restored.database(), &store::sqlite::Options::default()).unwrap();
        let people = names(&opened.stores).await.len();
        assert!(people >= 50);
        assert_eq!(total(&opened.stores).await, people as u64);
        // Each person was made with one entry of the trail: none came without the other.
        assert_eq!(
            sound_entries(&opened.stores).await,
            i64::try_from(people).unwrap()
        );
    }
}

#[tokio::test]
async fn no_byte_can_be_changed_and_none_can_be_missing() {
    let place = Place::new();
    school(&place).await;
    let (bytes, manifest) = archived(&place.path(), &[]);
    // zstd has bits that say nothing; with those, what is read is what was written.
    let mut harmless = 0;
    for index in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[index] ^= 0x10;
        if let Ok(found) = archive::verify(&flipped[..], &mut |_, _| {}) {
            assert_eq!(found, manifest, "byte {index}");
            harmless += 1;
        }
    }
    assert!(
        harmless < bytes.len() / 100,
        "{harmless} of {}",
        bytes.len()
    );
    for length in 0..bytes.len() {
        let found = archive::verify(&bytes[..length], &mut |_, _| {});
        assert!(
            matches!(found, Err(ArchiveError::Damaged(_))),
            "{length} bytes: {found:?}"
        );
    }
    let longer = [&bytes[..], b"x"].concat();
    assert!(archive::verify(&longer[..], &mut |_, _| {}).is_err());
}

/// An archive of these entries.
fn made_of(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        // Past the builder's own care for names.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, content.as_bytes()).unwrap();
    }
    zstd::encode_all(&tar.into_inner().unwrap()[..], 1).unwrap()
}

fn head(format: u32, schema: i64, table: &str) -> String {
    format!(
        r#"{{"format":{format},"created_at":"","version":"","schema":{schema},"numbers":{{}},
        "tables":[{{"name":"{table}","columns":["name","value"],"key":["name"]}}]}}"#
    )
}

#[test]
fn what_is_no_archive_of_ours_is_refused_in_words() {
    let good = head(1, 1, "setting");
    let (newer, later) = (head(2, 1, "setting"), head(1, 999, "setting"));
    let stranger = head(1, 1, "setting; DROP TABLE person");
    for (entries, words) in [
        (&[][..], "does not begin with"),
        (&[("manifest.json", "{}")], "does not begin with"),
        (&[("archive.json", &newer)], "format 2"),
        (&[("archive.json", &later)], "schema 999"),
        (&[("archive.json", &stranger)], "names a table that is none"),
        (&[("archive.json", &good)], "breaks off before its manifest"),
        (
            &[("archive.json", &good), ("files/../../etc/x", "x")],
            "leads elsewhere",
        ),
        (
            &[("archive.json", &good), ("/etc/x", "x")],
            "leads elsewhere",
        ),
        (
            &[("archive.json", &good), ("other", "x")],
            "it holds `other`",
        ),
        (
            &[("archive.json", &good), ("records/person/1", "[1]\n")],
            "does not name",
        ),
        (
            &[("archive.json", &good), ("records/setting/1", "[1]\n")],
            "no row of its table",
        ),
    ] {
        let bytes = made_of(entries);
        let verified = archive::verify(&bytes[..], &mut |_, _| {})
            .unwrap_err()
            .to_string();
        assert!(verified.contains(words), "{words}: {verified}");
        let Err(error) = Restored::of(&bytes) else {
            panic!("{words}")
        };
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    let noise = archive::verify(&b"not zstd"[..], &mut |_, _| {});
    assert!(matches!(noise, Err(ArchiveError::Damaged(_))), "{noise:?}");
}

#[tokio::test]
async fn nothing_is_restored_over_anything() {
    let place = Place::new();
    school(&place).await;
    let (bytes, _) = archived(&place.path(), &[]);
    let before = fs::read(place.path()).unwrap();
    let found = archive::restore(&bytes[..], place.directory(), &mut |_, _, _| {});
    assert!(matches!(found, Err(ArchiveError::File { .. })), "{found:?}");
    assert_eq!(fs::read(place.path()).unwrap(), before);
}
