//! Backups of records on a server: made beside servers of ours, proved, and put in force again whole or not at all.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use tempfile::tempdir;
use testkit::postgres;

use super::house::House;
use crate::run::{command, run};
use crate::server::{Server, get, post};

impl House {
    fn do_in(&self, directory: &Path, words: &[&str]) -> crate::run::Ended {
        run(directory, &[words, &["--set", &self.leading()]].concat())
    }

    fn do_here(&self, words: &[&str]) -> String {
        self.do_in(self.path(), words).good().to_owned()
    }

    fn refuse(&self, directory: &Path, words: &[&str]) -> String {
        let ran = self.do_in(directory, words);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        ran.stderr
    }

    fn people(&self) -> String {
        self.database
            .sql("SELECT string_agg(first_name, ' ' ORDER BY id) FROM person")
    }

    /// The name of the newest backup.
    fn newest(&self) -> String {
        let text = self.do_here(&["backup", "list"]);
        text.split(' ').next().unwrap().to_owned()
    }
}

/// A school that was backed up with Ani in it, and to which Budi came later.
fn school(database: postgres::Server) -> (House, String) {
    let house = House::of(database);
    house.start().stop();
    house.do_here(&["user", "add", "Ani", "Wijaya"]);
    house.database.sql(
        "INSERT INTO message (message, person_id, created_at) VALUES ('Selamat \u{1f412}', 2, 7)",
    );
    house.do_here(&["backup", "create"]);
    house.do_here(&["user", "add", "Budi", "Santoso"]);
    let name = house.newest();
    (house, name)
}

#[test]
fn a_backup_is_made_beside_a_running_server_and_brings_the_school_back() {
    let house = House::default();
    let server = house.start();
    let made = server.http().exchange(post(
        "/user",
        &server.token(),
        "",
        r#"{"first_name":"Ani","last_name":"W"}"#,
    ));
    assert_eq!(made.status, 201);
    let text = house.do_here(&["backup", "create"]);
    assert!(
        text.contains("found whole; the audit trail is sound"),
        "{text}"
    );
    let name = house.newest();
    let text = house.do_here(&["backup", "verify", &name]);
    assert!(text.contains("found whole"), "{text}");
    // Neither beside the server of this directory nor beside one that is elsewhere.
    let text = house.refuse(house.path(), &["backup", "restore", &name]);
    assert!(text.contains("another pendopo"), "{text}");
    let elsewhere = tempdir().unwrap();
    let file = house.path().join("data/backups").join(&name);
    let file = file.to_str().unwrap();
    let text = house.refuse(elsewhere.path(), &["backup", "restore", file]);
    assert!(text.contains("stop every server"), "{text}");
    assert!(text.contains("nothing was changed"), "{text}");
    let found = server.http().exchange(get("/user/2", &server.token()));
    assert_eq!(found.status, 200, "{}", server.log());
    server.stop();

    // The database is gone, and a new one is empty.
    let other = House::default();
    let text = other.do_here(&["backup", "restore", file]);
    assert!(text.contains("is in force"), "{text}");
    assert!(!text.contains("is kept as"), "nothing was there: {text}");
    let server = other.start();
    let made = other.do_here(&["token", "new", "admin", "--label", "x"]);
    let token = made.lines().find_map(|line| line.strip_prefix("  "));
    let token = token.expect("the token").trim();
    let found = server.http().exchange(get("/user/2", token));
    assert_eq!(found.status, 200, "{}", server.log());
    assert!(found.text().contains("Ani"));
    let text = other.do_here(&["audit", "verify"]);
    assert!(text.contains("each in its place"), "{text}");
    server.stop();
}

#[test]
fn what_was_there_before_a_restore_is_kept_and_can_be_put_back() {
    let (house, name) = school(postgres::Server::default());
    let text = house.do_here(&["backup", "restore", &name]);
    assert_eq!(house.people(), "Admin Ani");
    let kept = text
        .lines()
        .find_map(|line| line.strip_prefix("what was there is kept as "))
        .expect("the backup of what was there");
    assert!(house.path().join(kept).is_file(), "{kept}");
    let text = house.do_here(&["backup", "restore", kept]);
    assert_eq!(house.people(), "Admin Ani Budi");
    assert!(text.contains("is in force"), "{text}");
    let again = house.do_here(&["user", "add", "Citra", "Dewi"]);
    assert!(!again.is_empty());
    let text = house.do_here(&["audit", "verify"]);
    assert!(text.contains("each in its place"), "{text}");
}

#[test]
fn a_backup_that_is_no_good_changes_nothing() {
    let (house, name) = school(postgres::Server::default());
    let file = house.path().join("data/backups").join(&name);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let text = house.refuse(house.path(), &["backup", "restore", &name]);
    assert!(text.contains("nothing was changed"), "{text}");
    assert_eq!(house.people(), "Admin Ani Budi");
}

#[test]
fn a_backup_made_on_a_file_is_restored_on_a_server_and_the_other_way_round() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    Server::start(path, &[]).stop();
    run(path, &["user", "add", "Ani", "Wijaya"]).good();
    run(path, &["backup", "create"]).good();
    let list = run(path, &["backup", "list"]);
    let name = list.good().split(' ').next().unwrap().to_owned();
    let house = House::default();
    let file = path.join("data/backups").join(name);
    house.do_here(&["backup", "restore", file.to_str().unwrap()]);
    assert_eq!(house.people(), "Admin Ani");
    house.do_here(&["user", "add", "Budi", "Santoso"]);
    house.do_here(&["backup", "create"]);
    let back = house.path().join("data/backups").join(house.newest());
    run(path, &["backup", "restore", back.to_str().unwrap()]).good();
    let listed = run(path, &["user", "list"]);
    let listed = listed.good();
    assert!(
        listed.contains("Ani") && listed.contains("Budi"),
        "{listed}"
    );
    let trail = run(path, &["audit", "verify"]);
    assert!(trail.good().contains("each in its place"));
}

/// Waits until the server does something of this kind.
fn restoring(house: &House, name: &str) -> Child {
    command(house.path())
        .args(["backup", "restore", name, "--set", &house.leading()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn a_kill_in_the_middle_of_a_restore_leaves_what_was_there() {
    let settings = [("client_connection_check_interval", "50")];
    let trust = "local all all trust\nhost all all 127.0.0.1/32 trust\n";
    let (house, name) = school(postgres::Server::with(trust, &settings));
    // The fourth table waits in its middle, when the first ones are written.
    house.database.sql(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
        CREATE TRIGGER waits BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    let mut child = restoring(&house, &name);
    house.await_activity("COPY message%");
    child.kill().unwrap();
    child.wait().unwrap();
    house.database.sql("DROP TRIGGER waits ON message");
    assert_eq!(house.people(), "Admin Ani Budi");
    let server = house.start();
    let text = house.do_here(&["audit", "verify"]);
    assert!(text.contains("each in its place"), "{text}");
    server.stop();
    house.do_here(&["backup", "restore", &name]);
    assert_eq!(house.people(), "Admin Ani");
}
