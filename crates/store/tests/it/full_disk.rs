//! A disk without room: a small file system of the test's own in memory, filled to the last byte. Needs the right to mount.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::process::Command;

use school::StoreError;
use store::archive::{Contents, Origin};
use store::backup::{BackupError, Backups, Place as Kept, restore};
use store::{OpenError, Opened};
use tokio::task::JoinSet;

use crate::person::{NOON, add, names, sound_entries};
use crate::place::Place;

/// A place on a disk of 4 MiB; unmounted when it is dropped.
struct Disk {
    place: Place,
}

impl Disk {
    fn new() -> Self {
        let place = Place::new();
        mount(&["-t", "tmpfs", "-o", "size=4m", "pendopo-test"], &place);
        Self { place }
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        for size in [65_536, 4_096, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    /// Takes all but so many bytes.
    fn leave(&self, room: u64) {
        self.fill();
        let filler = OpenOptions::new().write(true).open(self.filler()).unwrap();
        let length = filler.metadata().unwrap().len();
        filler.set_len(length.saturating_sub(room)).unwrap();
    }

    /// What stands on it, but for what fills it.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.place.directory()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "filler").collect()
    }

    fn filler(&self) -> std::path::PathBuf {
        self.place.directory().join("filler")
    }

    fn make_read_only(&self) {
        mount(&["-o", "remount,ro"], &self.place);
    }
}

fn mount(arguments: &[&str], place: &Place) {
    let mut mount = Command::new("mount");
    let mounted = mount.args(arguments).arg(place.directory()).status();
    assert!(
        mounted.unwrap().success(),
        "the tests run as root, who may mount"
    );
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the store may still be open after a failed assertion.
        let unmounted = Command::new("umount")
            .arg("-l")
            .arg(self.place.directory())
            .status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

/// Adds people until there is no room; answers the names of those who were added.
async fn add_until_full(opened: &Opened) -> Vec<String> {
    let mut added = Vec::new();
    for number in 0..100_000 {
        let name = format!("Murid {number}");
        match add(&opened.stores, &name).await {
            Ok(_) => added.push(name),
            Err(StoreError::Full(_)) => return added,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk never became full");
}

#[tokio::test]
async fn a_full_disk_refuses_writes_keeps_what_was_answered_and_is_no_obstacle_once_there_is_room()
{
    let disk = Disk::new();
    let opened = disk.place.open();
    add(&opened.stores, "first").await.unwrap();
    disk.fill();
    let mut expected = vec!["first".to_owned()];
    expected.extend(add_until_full(&opened).await);
    let crowd: JoinSet<_> = (0..64)
        .map(|_| {
            let stores = opened.stores.clone();
            async move { add(&stores, "none of these").await }
        })
        .collect();
    for refused in crowd.join_all().await {
        assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    }
    let sick = opened.stores.health.check().await;
    assert!(matches!(sick, Err(StoreError::Full(_))), "{sick:?}");
    // Reading goes on, and nothing half-written is seen.
    assert_eq!(names(&opened.stores).await, expected);
    assert_eq!(
        sound_entries(&opened.stores).await,
        i64::try_from(expected.len()).unwrap()
    );
    disk.make_room();
    opened.stores.health.check().await.unwrap();
    add(&opened.stores, "last").await.unwrap();
    expected.push("last".to_owned());
    opened.close();
    drop(opened);
    let again = disk.place.open();
    assert_eq!(names(&again.stores).await, expected);
    again.close();
    disk.place.must_be_sound();
}

#[tokio::test]
async fn a_server_that_ends_on_a_full_disk_finds_everything_when_it_starts_again() {
    let disk = Disk::new();
    let opened = disk.place.open();
    let expected = add_until_full(&opened).await;
    assert!(expected.len() > 50, "{}", expected.len());
    opened.close();
    drop(opened);
    let again = disk.place.open();
    assert_eq!(names(&again.stores).await, expected);
    assert_eq!(
        sound_entries(&again.stores).await,
        i64::try_from(expected.len()).unwrap()
    );
    again.close();
    disk.place.must_be_sound();
}

#[test]
fn a_new_database_on_a_full_disk_is_refused_in_words() {
    let disk = Disk::new();
    disk.fill();
    let refused = disk.place.try_open().err().unwrap();
    assert!(matches!(refused, OpenError::Full(_)), "{refused}");
    assert!(refused.to_string().contains("make room"), "{refused}");
    disk.make_room();
    assert_eq!(disk.place.open().status().schema, store::newest_schema());
}

#[test]
fn a_database_without_room_for_its_log_is_refused_in_words() {
    let disk = Disk::new();
    disk.place.open().close();
    disk.fill();
    let refused = disk.place.try_open().err().unwrap();
    assert!(matches!(refused, OpenError::Full(_)), "{refused}");
    disk.make_room();
    assert!(disk.place.try_open().is_ok());
}

#[test]
fn a_read_only_disk_is_refused_in_words() {
    let disk = Disk::new();
    disk.place.open().close();
    disk.make_read_only();
    let refused = disk.place.try_open().err().unwrap();
    assert!(
        matches!(refused, OpenError::NotWritable { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("right to write"), "{refused}");
}

/// A school whose archive takes some hundred kilobytes, and its database in pages three times as much.
fn school() -> Place {
    let place = Place::new();
    place.open().close();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500) \
        INSERT INTO message (message, created_at) SELECT hex(randomblob(200)), i FROM n";
    place.connect().execute_batch(rows).unwrap();
    place
}

/// It worked, or there was no room, and that was said with the mend.
fn done<T>(outcome: Result<T, BackupError>, room: u64) -> Option<T> {
    match outcome {
        Ok(done) => Some(done),
        Err(error) => {
            assert!(matches!(error, BackupError::Full(_)), "{room}: {error:?}");
            assert!(error.to_string().contains("make room"), "{room}: {error}");
            None
        }
    }
}

#[test]
fn wherever_a_backup_meets_a_full_disk_it_fails_in_words_and_leaves_nothing() {
    let (school, disk) = (school(), Disk::new());
    let folder = disk.place.directory().to_owned();
    let backups = Backups::new(Kept::Folder(folder.clone()), folder.clone(), None);
    let records = Origin::Sqlite(school.path());
    let contents = Contents {
        records: &records,
        beside: None,
        files: &[],
        texts: &[],
        version: "0.0.0-test",
        created_at: NOON.to_string(),
    };
    let (mut failures, mut made) = (0, None);
    for room in (0..).map(|step| step * 100_000) {
        disk.leave(room);
        let outcome = backups.create(&contents, NOON, &mut |_, _, _| {});
        disk.make_room();
        if let Some(backup) = done(outcome, room) {
            made = Some(backup);
            break;
        }
        failures += 1;
        assert_eq!(backups.list().unwrap(), [], "{room}");
        let left = disk.names();
        assert!(left.iter().all(|name| name == ".lock"), "{room}: {left:?}");
    }
    assert!(failures > 5, "{failures}");
    let made = folder.join(made.unwrap().name);
    for room in (0..).map(|step| step * 100_000) {
        disk.leave(room);
        let into = folder.join("restored");
        let outcome = restore(&made, &into, None, &mut |_, _, _| {});
        disk.make_room();
        if done(outcome, room).is_some() {
            break;
        }
        fs::remove_dir_all(into).unwrap();
    }
}
