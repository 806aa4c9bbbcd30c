//! Backups: what is listed as good is good, and what went wrong leaves nothing behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use age::secrecy::ExposeSecret;
use store::archive::{self, ArchiveError, Contents, Origin, Stage};
use store::backup::{
    Backup, BackupError, Backups, Identity, Keep, Place as Kept, Recipient, State, restore,
};
use store::sqlite::{Options, open};
use tempfile::TempDir;

use crate::person::{NOON, add, names};
use crate::place::Place;

const NAME: &str = "pendopo-2026-11-20T120000Z.tar.zst";

fn folder(place: &Place) -> PathBuf {
    place.directory().join("backups")
}

fn backups_of(place: &Place, recipient: Option<Recipient>) -> Backups {
    Backups::new(Kept::Folder(folder(place)), folder(place), recipient)
}

fn contents(records: &Origin) -> Contents<'_> {
    Contents {
        records,
        beside: None,
        files: &[],
        texts: &[],
        version: "0.0.0-test",
        created_at: NOON.to_string(),
    }
}

fn records_of(place: &Place) -> Origin {
    Origin::Sqlite(place.path())
}

fn make(place: &Place, backups: &Backups) -> Result<Backup, BackupError> {
    backups.create(&contents(&records_of(place)), NOON, &mut |_, _, _| {})
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

/// A school with two people, closed.
fn school() -> Place {
    let place = Place::new();
    let opened = place.open();
    for name in ["Ayu", "Budi"] {
        block_on(add(&opened.stores, name)).unwrap();
    }
    opened.close();
    place
}

/// What stands in the folder, but for the lock.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    names.sort();
    names
}

#[test]
fn a_backup_is_proved_before_it_is_listed() {
    let place = school();
    let backups = backups_of(&place, None);
    assert_eq!(backups.list().unwrap(), []);
    let mut ends: Vec<(Stage, u64, u64)> = Vec::new();
    let tell = &mut |stage, done, all| {
        let listed = names_in(&folder(&place)).into_iter();
        let listed: Vec<_> = listed.filter(|name| !name.starts_with('.')).collect();
        assert_eq!(listed, [format!("{NAME}.part")]);
        ends.retain(|(known, ..)| *known != stage);
        ends.push((stage, done, all));
    };
    let made = backups.create(&contents(&records_of(&place)), NOON, tell);
    let made = made.unwrap();
    // Each stage tells of its own parts to the last one.
    let stages: Vec<_> = ends.iter().map(|(stage, ..)| *stage).collect();
    let expected = [Stage::Writing, Stage::Unpacking, Stage::Comparing];
    assert_eq!(stages, expected);
    assert!(
        ends.iter().all(|(_, done, all)| *done > 2 && done == all),
        "{ends:?}"
    );
    assert_eq!(
        names_in(&folder(&place)),
        [NAME.to_owned(), format!("{NAME}.json")]
    );
    assert_eq!(backups.list().unwrap(), std::slice::from_ref(&made));
    assert_eq!((made.state(), made.is_sealed), (State::Proved, false));
    let note = made.note.unwrap();
    assert_eq!(
        (note.proved_at, note.schema, note.broken_trail),
        (NOON, store::newest_schema(), None)
    );
    let mode = fs::metadata(folder(&place).join(&made.name))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn two_backups_of_one_second_are_two() {
    let place = school();
    let backups = backups_of(&place, None);
    let (first, second) = (
        make(&place, &backups).unwrap(),
        make(&place, &backups).unwrap(),
    );
    assert_ne!(first.name, second.name);
    assert_eq!(backups.list().unwrap(), [second, first]);
}

#[test]
fn what_a_killed_process_left_is_listed_nowhere_and_goes_with_the_next_backup() {
    let place = school();
    let backups = backups_of(&place, None);
    fs::create_dir_all(folder(&place).join(".scratch-abc/files")).unwrap();
    let half = folder(&place).join("pendopo-2026-11-19T120000Z.tar.zst.part");
    fs::write(half, "half").unwrap();
    assert_eq!(backups.list().unwrap(), []);
    make(&place, &backups).unwrap();
    assert_eq!(
        names_in(&folder(&place)),
        [NAME.to_owned(), format!("{NAME}.json")]
    );
}

#[test]
fn a_backup_that_changed_is_found_out() {
    let place = school();
    let backups = backups_of(&place, None);
    let made = make(&place, &backups).unwrap();
    let verify = || backups.verify(&made.name, None, NOON, &mut |_, _, _| {});
    let state = || backups.list().unwrap()[0].state();
    verify().unwrap();
    let file = folder(&place).join(&made.name);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(state(), State::Changed);
    assert!(matches!(verify(), Err(BackupError::NotTheSame(_))));
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    fs::write(&file, flipped).unwrap();
    assert!(matches!(verify(), Err(BackupError::NotTheSame(_))));
    fs::write(&file, &whole).unwrap();
    verify().unwrap();
    // One from elsewhere has no note: it is whatever restoring it shows.
    fs::remove_file(folder(&place).join(format!("{NAME}.json"))).unwrap();
    assert_eq!(state(), State::Unproved);
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(
        verify(),
        Err(BackupError::Archive(ArchiveError::Damaged(_)))
    ));
    fs::write(&file, &whole).unwrap();
    verify().unwrap();
    assert_eq!(state(), State::Proved);
}

#[test]
fn a_sealed_backup_opens_with_its_own_key_alone() {
    let place = school();
    let keys = TempDir::new().unwrap();
    let key = |name: &str| {
        let key = age::x25519::Identity::generate();
        let file = keys.path().join(name);
        let text = format!("# a comment\n{}\n", key.to_string().expose_secret());
        fs::write(&file, text).unwrap();
        (key.to_public().to_string(), Identity::from_file(file))
    };
    let ((public, right), (_, wrong)) = (key("right"), key("wrong"));
    let backups = backups_of(&place, Some(public.parse().unwrap()));
    let made = make(&place, &backups).unwrap();
    assert_eq!(
        names_in(&folder(&place)),
        [format!("{NAME}.age"), format!("{NAME}.age.json")]
    );
    assert_eq!((made.state(), made.is_sealed), (State::Proved, true));
    let file = folder(&place).join(&made.name);
    let into = |name: &str| keys.path().join(name);
    let open_with = |name, identity| restore(&file, &into(name), identity, &mut |_, _, _| {});
    assert!(matches!(open_with("a", None), Err(BackupError::Sealed(_))));
    let other = open_with("b", Some(&wrong));
    assert!(
        matches!(other, Err(BackupError::WrongKey { .. })),
        "{other:?}"
    );
    let no_key = Identity::from_file(place.path());
    let none = open_with("c", Some(&no_key));
    assert!(matches!(none, Err(BackupError::NoKey(_))), "{none:?}");
    open_with("d", Some(&right)).unwrap();
    let opened = open(&into("d").join(archive::DATABASE), &Options::default()).unwrap();
    assert_eq!(block_on(names(&opened.stores)), ["Ayu", "Budi"]);
    assert!("age1nonsense".parse::<Recipient>().is_err());
}

#[test]
fn two_backups_are_not_made_at_once() {
    let place = school();
    let backups = backups_of(&place, None);
    let (begun, has_begun) = mpsc::channel();
    let (tried, was_tried) = mpsc::channel::<()>();
    let (other, path) = (backups.clone(), place.path());
    let first = std::thread::spawn(move || {
        let mut is_first = true;
        other.create(
            &contents(&Origin::Sqlite(path.clone())),
            NOON,
            &mut |_, _, _| {
                if std::mem::take(&mut is_first) {
                    begun.send(()).unwrap();
                    was_tried.recv().unwrap();
                }
            },
        )
    });
    has_begun.recv().unwrap();
    assert!(matches!(make(&place, &backups), Err(BackupError::Busy(_))));
    tried.send(()).unwrap();
    first.join().unwrap().unwrap();
    make(&place, &backups).unwrap();
}

#[test]
fn a_trail_that_was_tampered_with_is_told_and_backed_up_as_it_is() {
    let place = school();
    let sql = "DROP TRIGGER audit_keeps; UPDATE audit SET actor = 'nobody' WHERE seq = 2";
    place.connect().execute_batch(sql).unwrap();
    let made = make(&place, &backups_of(&place, None)).unwrap();
    assert_eq!(made.note.unwrap().broken_trail, Some(2));
}

/// One of each of the last days, so many.
fn make_daily(place: &Place, backups: &Backups, days: u32) {
    let day = std::time::Duration::from_hours(24);
    for age in 0..days {
        let at = NOON.before(day * age);
        let made = backups.create(&contents(&records_of(place)), at, &mut |_, _, _| {});
        made.unwrap();
    }
}

fn keep_days(daily: usize) -> Keep {
    Keep {
        daily,
        weekly: 0,
        monthly: 0,
    }
}

#[test]
fn one_whose_note_can_not_be_read_now_is_not_taken_for_one_that_nobody_proved() {
    let place = school();
    let backups = backups_of(&place, None);
    make_daily(&place, &backups, 2);
    let older = backups.list().unwrap().swap_remove(1);
    let note = folder(&place).join(format!("{}.json", older.name));
    let text = fs::read(&note).unwrap();
    // Reading it fails for another reason than that it is not there.
    fs::remove_file(&note).unwrap();
    fs::create_dir(&note).unwrap();
    let told = backups.thin_out(&keep_days(2)).unwrap_err().to_string();
    assert!(told.contains(&older.name), "{told}");
    let at_hand = backups.fetch(&older.name, place.directory(), &mut |_, _, _| {});
    assert!(at_hand.is_err(), "{at_hand:?}");
    fs::remove_dir(&note).unwrap();
    fs::write(&note, text).unwrap();
    assert_eq!(backups.thin_out(&keep_days(2)).unwrap(), []);
    assert_eq!(backups.list().unwrap()[1], older);
}

#[test]
fn old_ones_go_with_their_notes() {
    let place = school();
    let backups = backups_of(&place, None);
    make_daily(&place, &backups, 4);
    let keep = keep_days(2);
    assert_eq!(backups.thin_out(&keep).unwrap().len(), 2);
    assert_eq!(backups.list().unwrap().len(), 2);
    assert_eq!(names_in(&folder(&place)).len(), 4);
}
