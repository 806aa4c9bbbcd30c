//! Upgrades with lists of migrations of their own.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;

use tempfile::TempDir;

use super::*;

const FIRST: Migration = Migration {
    id: 1,
    name: "first",
    shared: "CREATE TABLE pupil (id {id}) {strict};",
    sqlite: "",
    postgres: "",
};
const SECOND: Migration = Migration {
    id: 2,
    name: "second",
    shared: "ALTER TABLE pupil ADD COLUMN name TEXT;",
    sqlite: "INSERT INTO pupil (name) VALUES ('ani');",
    postgres: "",
};
const BROKEN: Migration = Migration {
    id: 2,
    name: "broken",
    shared: "INSERT INTO pupil (id) VALUES (9); CREATE TABLE pupil (id {id}) {strict};",
    sqlite: "",
    postgres: "",
};

struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("pendopo.db")
    }

    fn connect(&self) -> Connection {
        let path = self.path();
        let mut options = OpenOptions::new();
        options.create(true).append(true).open(&path).unwrap();
        let connection = connection::writer(&path).unwrap();
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()));
        mode.unwrap();
        connection
    }

    fn upgrade(&self, list: &[Migration]) -> Result<i64, OpenError> {
        self.upgrade_with(list, &Options::default())
    }

    fn upgrade_with(&self, list: &[Migration], options: &Options) -> Result<i64, OpenError> {
        upgrade(&mut self.connect(), &self.path(), options, list)
    }

    fn count(&self) -> i64 {
        let count = "SELECT COUNT(*) FROM pupil";
        self.connect()
            .query_row(count, [], |row| row.get(0))
            .unwrap()
    }

    fn copies(&self) -> Vec<PathBuf> {
        let Ok(found) = fs::read_dir(self.directory.path().join("backups")) else {
            return Vec::new();
        };
        found.map(|entry| entry.unwrap().path()).collect()
    }
}

#[test]
fn a_new_database_gets_every_step_without_a_copy() {
    let place = Place::new();
    assert_eq!(place.upgrade(&[FIRST, SECOND]).unwrap(), 2);
    assert_eq!(place.count(), 1);
    assert_eq!(place.copies(), Vec::<PathBuf>::new());
}

#[test]
fn an_upgrade_keeps_a_private_copy_of_what_was_there() {
    let place = Place::new();
    place.upgrade(&[FIRST]).unwrap();
    assert_eq!(place.upgrade(&[FIRST, SECOND]).unwrap(), 2);
    let copies = place.copies();
    assert_eq!(copies.len(), 1);
    let mode = fs::metadata(&copies[0]).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let copy = Connection::open(&copies[0]).unwrap();
    let old: i64 = copy
        .query_row("SELECT COUNT(*) FROM pupil", [], |row| row.get(0))
        .unwrap();
    assert_eq!(old, 0);
    assert_eq!(place.upgrade(&[FIRST, SECOND]).unwrap(), 2);
    assert_eq!(place.copies().len(), 1);
}

#[test]
fn without_a_copy_there_is_no_upgrade() {
    let place = Place::new();
    place.upgrade(&[FIRST]).unwrap();
    let file = place.directory.path().join("a-file");
    fs::write(&file, "").unwrap();
    let options = Options {
        backups: Some(file.join("backups")),
        ..Options::default()
    };
    let refused = place.upgrade_with(&[FIRST, SECOND], &options);
    assert!(
        matches!(refused, Err(OpenError::NoBackup { .. })),
        "{refused:?}"
    );
    assert_eq!(place.count(), 0);
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let place = Place::new();
    place.upgrade(&[FIRST, SECOND]).unwrap();
    let refused = place.upgrade(&[FIRST]).unwrap_err();
    assert!(
        matches!(
            refused,
            OpenError::Newer {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{refused}"
    );
    assert!(refused.to_string().contains("run the newer version"));
    assert_eq!(place.count(), 1);
}

#[test]
fn a_step_that_was_applied_with_other_content_is_refused() {
    let place = Place::new();
    place.upgrade(&[FIRST]).unwrap();
    let changed = Migration {
        sqlite: "-- changed",
        ..FIRST
    };
    let refused = place.upgrade(&[changed, SECOND]);
    assert!(
        matches!(refused, Err(OpenError::Changed { id: 1, .. })),
        "{refused:?}"
    );
}

#[test]
fn of_a_step_that_fails_nothing_remains() {
    let place = Place::new();
    place.upgrade(&[FIRST]).unwrap();
    assert!(place.upgrade(&[FIRST, BROKEN]).is_err());
    assert_eq!(place.count(), 0);
    assert_eq!(place.upgrade(&[FIRST, SECOND]).unwrap(), 2);
}

#[test]
fn another_programs_database_is_left_alone() {
    let place = Place::new();
    place
        .connect()
        .execute_batch("CREATE TABLE photo (id INTEGER)")
        .unwrap();
    let refused = place.upgrade(&[FIRST]);
    assert!(matches!(refused, Err(OpenError::Foreign(_))), "{refused:?}");
}

#[test]
fn ten_who_start_at_once_apply_each_step_once() {
    let place = Place::new();
    place.upgrade(&[FIRST]).unwrap();
    let all = thread::scope(|scope| {
        let starts: Vec<_> = (0..10)
            .map(|_| scope.spawn(|| place.upgrade(&[FIRST, SECOND]).unwrap()))
            .collect();
        let schemas = starts.into_iter().map(|start| start.join().unwrap());
        schemas.collect::<Vec<_>>()
    });
    assert_eq!(all, [2; 10]);
    assert_eq!(place.count(), 1);
    assert_eq!(place.copies().len(), 1);
}
