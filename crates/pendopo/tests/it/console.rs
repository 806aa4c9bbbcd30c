//! People and tokens at the command line, beside a running server and without one.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::{TempDir, tempdir};

use crate::run::{run, run_with_input};
use crate::server::{Server, get};

const PASSWORD: &str = "kuda laut menari di awan";

/// A directory in which a server has run.
fn school() -> TempDir {
    let directory = tempdir().unwrap();
    Server::start(directory.path(), &[]).stop();
    directory
}

fn good(directory: &Path, words: &[&str]) -> String {
    run(directory, words).good().to_owned()
}

/// The secret on the line that is indented by two spaces.
fn shown(text: &str) -> String {
    let line = text.lines().find(|line| line.starts_with("  "));
    line.unwrap_or_else(|| panic!("no secret in {text}"))
        .trim()
        .to_owned()
}

#[test]
fn a_person_is_added_found_disabled_and_enabled() {
    let school = school();
    let path = school.path();
    let text = good(
        path,
        &[
            "user",
            "add",
            "Ani",
            "Budi",
            "--email",
            "ani@sekolah.example",
            "--role",
            "staff",
        ],
    );
    assert!(
        text.starts_with("added Ani Budi as number 2, staff\n"),
        "{text}"
    );
    assert_eq!(shown(&text).len(), 19);
    let text = good(path, &["user", "add", "Citra", "Dewi"]);
    assert_eq!(text, "added Citra Dewi as number 3, member\n");
    assert_eq!(
        good(path, &["user", "disable", "Ani@Sekolah.example"]),
        "Ani Budi can't sign in any more; their sessions ended\n"
    );
    let list = good(path, &["user", "list", "--search", "budi"]);
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(
        list.contains("disabled") && list.contains("ani@sekolah.example"),
        "{list}"
    );
    assert_eq!(
        good(path, &["user", "enable", "2"]),
        "Ani Budi can sign in again\n"
    );
    assert_eq!(good(path, &["user", "list"]).lines().count(), 4);
    let last = run(path, &["user", "disable", "admin"]);
    assert!(last.complaint(1).contains("last administrator"), "{last:?}");
    let wrong = run(path, &["user", "add", "", "Budi", "--email", "x"]);
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    let nobody = run(path, &["user", "enable", "eka"]);
    assert!(nobody.complaint(1).contains("`eka`"), "{nobody:?}");
}

#[test]
fn a_password_is_read_from_a_file_or_standard_input_and_checked() {
    let school = school();
    let path = school.path();
    good(path, &["user", "add", "Ani", "Budi", "--username", "ani"]);
    fs::write(path.join("password"), format!("{PASSWORD}\n")).unwrap();
    let text = good(
        path,
        &["user", "passwd", "ani", "--password-file", "password"],
    );
    assert_eq!(
        text,
        "Ani Budi has the new password; their other sessions ended\n"
    );
    let text = run_with_input(
        path,
        &["user", "passwd", "ani", "--password-file", "-"],
        "lain lagi, kuda laut\n",
    );
    assert_eq!(text.good().lines().count(), 1);
    let weak = run_with_input(
        path,
        &["user", "passwd", "ani", "--password-file", "-"],
        "password1234\n",
    );
    assert!(!weak.complaint(1).contains("password1234"), "{weak:?}");
    let empty = run_with_input(path, &["user", "passwd", "ani", "--password-file", "-"], "");
    assert!(
        empty.complaint(1).contains("no password in the first line"),
        "{empty:?}"
    );
    let blind = run(path, &["user", "passwd", "ani", "--prompt"]);
    assert!(
        blind.complaint(1).contains("there is no terminal"),
        "{blind:?}"
    );
}

#[test]
fn a_password_typed_at_a_terminal_is_asked_twice_and_not_shown() {
    let school = school();
    good(
        school.path(),
        &["user", "add", "Ani", "Budi", "--username", "ani"],
    );
    let (code, text) = at_terminal(
        school.path(),
        ["lain lagi, kuda laut", "lain lagi, kuda laut"],
    );
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("Ani Budi has the new password") && !text.contains("kuda"),
        "{text}"
    );
    let (code, text) = at_terminal(
        school.path(),
        ["lain lagi, kuda laut", "lain lagi, kuda darat"],
    );
    assert!(
        code == Some(1) && text.contains("the two passwords differ"),
        "{text}"
    );
}

/// Runs `user passwd ani --prompt` with a terminal of its own, which `script` makes, and types when asked.
fn at_terminal(directory: &Path, typed: [&str; 2]) -> (Option<i32>, String) {
    let line = format!("{} user passwd ani --prompt", env!("CARGO_BIN_EXE_pendopo"));
    let mut command = Command::new("script");
    command.args([
        "--quiet",
        "--return",
        "--echo",
        "never",
        "--command",
        &line,
        "/dev/null",
    ]);
    let command = command
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut keyboard, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut seen = Vec::new();
    for (question, answer) in ["Password: ", "Again: "].into_iter().zip(typed) {
        while !seen.ends_with(question.as_bytes()) {
            let mut byte = [0];
            screen.read_exact(&mut byte).unwrap();
            seen.extend(byte);
        }
        writeln!(keyboard, "{answer}").unwrap();
    }
    screen.read_to_end(&mut seen).unwrap();
    (
        child.wait().unwrap().code(),
        String::from_utf8_lossy(&seen).into_owned(),
    )
}

#[test]
fn a_token_made_beside_a_running_server_works_until_it_is_revoked() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let text = good(
        directory.path(),
        &[
            "token", "new", "admin", "--label", "laporan", "--days", "30",
        ],
    );
    assert!(text.starts_with("token 2, good until "), "{text}");
    let token = shown(&text);
    assert_eq!(server.https().exchange(get("/users", &token)).status, 200);
    let list = good(directory.path(), &["token", "list", "admin"]);
    assert!(list.contains("laporan") && !list.contains(&token), "{list}");
    assert_eq!(
        good(directory.path(), &["token", "revoke", "2"]),
        "token 2 is revoked\n"
    );
    // The running server may know the token for a moment more, and no longer than a second.
    let revoked = Instant::now();
    while server.https().exchange(get("/users", &token)).status != 401 {
        assert!(
            revoked.elapsed() < Duration::from_secs(1),
            "the token still works"
        );
    }
    let gone = run(directory.path(), &["token", "revoke", "2"]);
    assert_eq!(gone.code, Some(1), "{gone:?}");
    let long = run(
        directory.path(),
        &["token", "new", "admin", "--label", "x", "--days", "367"],
    );
    assert_eq!(long.code, Some(1), "{long:?}");
    server.stop();
}

#[test]
fn what_the_console_does_is_in_the_audit_trail_whose_breaks_are_found() {
    let school = school();
    let path = school.path();
    good(path, &["user", "add", "Ani", "Budi"]);
    let text = good(path, &["audit", "verify"]);
    assert!(
        text.starts_with("4 entries, each in its place and unchanged"),
        "{text}"
    );
    let connection = rusqlite::Connection::open(path.join("data/pendopo.db")).unwrap();
    let actors: i64 = connection
        .query_row(
            "SELECT count(*) FROM audit WHERE actor = 'console'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(actors, 4);
    for trigger in triggers(&connection) {
        connection
            .execute_batch(&format!("DROP TRIGGER \"{trigger}\""))
            .unwrap();
    }
    connection
        .execute("UPDATE audit SET actor = 'person:9' WHERE seq = 3", [])
        .unwrap();
    drop(connection);
    let broken = run(path, &["audit", "verify"]);
    assert!(
        broken.complaint(1).contains("broken at entry 3"),
        "{broken:?}"
    );
}

fn triggers(connection: &rusqlite::Connection) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'audit'")
        .unwrap();
    statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

#[test]
fn without_a_database_nothing_is_made_by_mistake() {
    let directory = tempdir().unwrap();
    for words in [
        &["user", "list"][..],
        &["token", "list"],
        &["audit", "verify"],
    ] {
        let ended = run(directory.path(), words);
        assert!(
            ended
                .complaint(1)
                .contains("there is no database at data/pendopo.db"),
            "{ended:?}"
        );
    }
    assert!(!directory.path().join("data").exists());
}
