//! Backups at the command line: made beside a running server, proved, and put in force again.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::{TempDir, tempdir};

use crate::run::{self, run};
use crate::server::{Server, get, post};

fn good(directory: &Path, words: &[&str]) -> String {
    run(directory, words).good().to_owned()
}

fn failed(directory: &Path, words: &[&str]) -> String {
    let ran = run(directory, words);
    assert_eq!(ran.code, Some(1), "{}{}", ran.stdout, ran.stderr);
    ran.stderr
}

fn add(directory: &Path, name: &str) {
    good(directory, &["user", "add", name, "Wijaya"]);
}

fn people(directory: &Path) -> String {
    good(directory, &["user", "list"])
}

/// The names of the backups, the newest first.
pub(crate) fn listed(directory: &Path) -> Vec<String> {
    let text = good(directory, &["backup", "list"]);
    let lines = text.lines().filter(|line| line.starts_with("pendopo-"));
    lines
        .map(|line| line.split(' ').next().unwrap_or_default().to_owned())
        .collect()
}

/// A school that was backed up with Ani in it, and to which Budi came later.
fn school() -> (TempDir, String) {
    let directory = tempdir().unwrap();
    let path = directory.path();
    Server::start(path, &[]).stop();
    add(path, "Ani");
    good(path, &["backup", "create"]);
    let name = listed(path).pop().expect("the backup");
    add(path, "Budi");
    (directory, name)
}

#[test]
fn a_backup_is_made_beside_a_running_server_and_brings_the_school_back() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    let server = Server::start(path, &[]);
    let made = server.https().exchange(post(
        "/user",
        &server.token(),
        "",
        r#"{"first_name":"Ani","last_name":"W"}"#,
    ));
    assert_eq!(made.status, 201);
    let authority = fs::read(path.join("data/tls/ca.pem")).unwrap();
    let text = good(path, &["backup", "create"]);
    assert!(
        text.contains("found whole; the audit trail is sound"),
        "{text}"
    );
    let text = failed(path, &["backup", "restore", &listed(path)[0]]);
    assert!(text.contains("another pendopo"), "{text}");
    server.stop();

    // The disk is gone, but for the backups.
    let elsewhere = tempdir().unwrap();
    fs::rename(path.join("data/backups"), elsewhere.path().join("backups")).unwrap();
    fs::remove_dir_all(path.join("data")).unwrap();
    let to = format!("backup.to={}", elsewhere.path().join("backups").display());
    let newest = || {
        let text = good(path, &["--set", &to, "backup", "list"]);
        text.split(' ').next().unwrap().to_owned()
    };
    let text = good(path, &["--set", &to, "backup", "restore", &newest()]);
    assert!(text.contains("is in force"), "{text}");
    let server = Server::start(path, &["--set", &to]);
    let found = server.https().exchange(get("/user/2", &server.token()));
    assert_eq!(found.status, 200, "{}", server.log());
    assert!(found.text().contains("Ani"));
    assert_eq!(fs::read(path.join("data/tls/ca.pem")).unwrap(), authority);
    // The backups are looked through beside everything else.
    testkit::eventually("the last proof on the status page", || {
        server
            .ask("/status")
            .text()
            .contains("last verified restore")
    });
    testkit::eventually("the last proof as a metric", || {
        let metrics = server.ask("/metrics").text().to_owned();
        let mut lines = metrics.lines();
        let proved = lines.find(|line| line.starts_with("pendopo_backup_proved "));
        !proved.expect("the metric").ends_with(" 0")
    });
    server.stop();
}

#[test]
fn what_was_there_before_a_restore_moves_aside() {
    let (school, name) = school();
    let path = school.path();
    let text = good(path, &["backup", "verify", &name]);
    assert!(text.contains("found whole"), "{text}");
    let text = good(path, &["backup", "restore", &name]);
    let people = people(path);
    assert!(
        people.contains("Ani") && !people.contains("Budi"),
        "{people}"
    );
    let aside = text
        .split_whitespace()
        .map(|word| word.trim_end_matches(':'))
        .find(|word| word.contains("before-restore-"));
    let aside = path.join(aside.expect("where the old data is"));
    assert!(aside.join("pendopo.db").is_file() && aside.join("tls").is_dir());
    let kept = fs::read_to_string(path.join("data/restored-pendopo.toml")).unwrap();
    assert!(
        kept.contains("backup.schedule") && !kept.contains("password"),
        "{kept}"
    );
    // And back again, by hand.
    fs::copy(aside.join("pendopo.db"), path.join("data/pendopo.db")).unwrap();
    assert!(self::people(path).contains("Budi"));
}

#[test]
fn a_backup_that_is_no_good_changes_nothing() {
    let (school, name) = school();
    let path = school.path();
    let file = path.join("data/backups").join(&name);
    let whole = fs::read(&file).unwrap();
    let before = fs::read(path.join("data/pendopo.db")).unwrap();
    for torn in [&whole[..whole.len() / 2], b"nonsense", b""] {
        fs::write(&file, torn).unwrap();
        let text = failed(path, &["backup", "restore", &name]);
        assert!(text.contains("nothing was changed"), "{text}");
        assert_eq!(fs::read(path.join("data/pendopo.db")).unwrap(), before);
    }
    let list = run(path, &["backup", "list"]);
    assert!(list.stdout.contains("DAMAGED"), "{}", list.stdout);
    assert_eq!(list.code, Some(1));
    let text = failed(path, &["backup", "verify", &name]);
    assert!(text.contains("not the file any more"), "{text}");
    let text = failed(path, &["backup", "restore", "none.tar.zst"]);
    assert!(text.contains("`pendopo backup list`"), "{text}");
}

/// Starts a command and kills it after it made this many system calls that change a file's name.
fn killed(directory: &Path, words: &[&str], after: usize) -> bool {
    let mut command = run::command(directory);
    command
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child: Child = command.spawn().expect("the binary can be started");
    let pid = Pid::from_child(&child);
    // Kills at many different moments need no clock: the turns of this loop are as good.
    for _ in 0..after {
        if child.try_wait().expect("it can be waited for").is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    // It may have ended in this moment.
    let _ = kill_process(pid, Signal::KILL);
    child.wait().expect("it can be waited for").code().is_none()
}

#[test]
fn a_kill_at_any_moment_leaves_no_half_backup_and_no_half_school() {
    let (school, name) = school();
    let path = school.path();
    let (mut kills, mut turns) = (0, 1);
    loop {
        let was_killed = killed(path, &["backup", "create"], turns);
        for name in listed(path) {
            good(path, &["backup", "verify", &name]);
        }
        if !was_killed {
            break;
        }
        (kills, turns) = (kills + 1, turns * 2);
    }
    assert!(kills >= 3, "{kills}");
    for step in 0.. {
        let was_killed = killed(path, &["backup", "restore", &name], 40 * (step + 1));
        let listed = run(path, &["user", "list"]);
        if listed.code == Some(0) {
            assert!(listed.stdout.contains("Ani"), "{}", listed.stdout);
        } else {
            assert!(
                listed.stderr.contains("restore was broken off"),
                "{}",
                listed.stderr
            );
        }
        if !was_killed || step > 60 {
            break;
        }
    }
    good(path, &["backup", "restore", &name]);
    let people = people(path);
    assert!(
        people.contains("Ani") && !people.contains("Budi"),
        "{people}"
    );
    Server::start(path, &[]).stop();
}

#[test]
fn a_server_does_not_start_on_a_restore_that_was_broken_off() {
    let (school, name) = school();
    let path = school.path();
    let marker = path.join("data/restore-unfinished");
    fs::write(
        &marker,
        "a restore was broken off: run `pendopo backup restore` again\n",
    )
    .unwrap();
    for text in [
        "",
        "a restore was broken off: run `pendopo backup restore` again\n",
    ] {
        fs::write(&marker, text).unwrap();
        let told = failed(path, &["user", "list"]);
        assert!(told.contains("restore was broken off"), "{told}");
    }
    for words in [&["serve"][..], &["user", "list"], &["backup", "create"]] {
        let text = failed(path, words);
        assert!(text.contains("restore was broken off"), "{text}");
    }
    good(path, &["backup", "restore", &name]);
    assert!(!marker.exists());
    assert!(people(path).contains("Ani"));
}

#[test]
fn doctor_says_how_old_the_last_proof_is() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    Server::start(path, &[]).stop();
    let text = run(path, &["doctor"]).stdout;
    assert!(
        text.contains("was ever proved: `pendopo backup create`"),
        "{text}"
    );
    good(path, &["backup", "create"]);
    let text = run(path, &["doctor"]).stdout;
    assert!(text.contains("the last verified restore at"), "{text}");
    let text = run(path, &["--set", "backup.schedule=off", "doctor"]).stdout;
    assert!(text.contains("no schedule makes another"), "{text}");
    let text = failed_check(path, "backup.schedule=nightly");
    assert!(text.contains("`0 2 * * *`"), "{text}");
    let text = failed_check(path, "backup.recipient=someone");
    assert!(text.contains("age-keygen"), "{text}");
    let text = failed_check(path, "backup.to=ftp://host/prefix");
    assert!(text.contains("`s3://bucket/prefix`"), "{text}");
}

fn failed_check(directory: &Path, setting: &str) -> String {
    let ran = run(directory, &["--set", setting, "check"]);
    assert_eq!(ran.code, Some(2), "{}", ran.stdout);
    ran.stderr
}
