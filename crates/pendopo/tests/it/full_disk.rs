//! A disk without room: writes are answered 507, nothing half-written remains, and it goes on once there is room.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::tempdir;
use testkit::Raw;

use crate::server::{QUIET, Server, get, post};

/// A server on a small disk of its own, which only it sees.
fn start(directory: &Path) -> Server {
    fs::create_dir(directory.join("data")).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=8m,mode=700 none data && exec {} {}",
        env!("CARGO_BIN_EXE_pendopo"),
        QUIET.join(" ")
    );
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--map-root-user", "sh", "-c", &script])
        .current_dir(directory);
    Server::spawn(directory, command)
}

/// The server's data directory as it sees it itself.
fn inside(server: &Server, directory: &Path) -> PathBuf {
    let path = directory.join("data");
    Path::new(&format!("/proc/{}/root", server.pid())).join(path.strip_prefix("/").unwrap())
}

/// Writes until nothing fits any more.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    for size in [64 * 1024, 512, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

fn add(client: &mut Raw, token: &str, number: usize) -> u16 {
    let body = format!(
        r#"{{"first_name":"Murid","last_name":"{number} {}"}}"#,
        "x".repeat(80)
    );
    client
        .exchange(post("/user", token, &format!("key-{number}"), &body))
        .status
}

#[test]
fn writes_without_room_are_answered_507_and_leave_nothing_behind() {
    let directory = tempdir().unwrap();
    let server = start(directory.path());
    let data = inside(&server, directory.path());
    let token = fs::read_to_string(data.join("admin-token"))
        .unwrap()
        .trim()
        .to_owned();
    let mut client = server.http();
    assert_eq!(add(&mut client, &token, 0), 201);
    fill(&data.join("filler"));
    // Room that the database has already may take some; then there is none.
    let mut refused = None;
    for number in 1..5000 {
        match add(&mut client, &token, number) {
            201 => {}
            status => {
                refused = Some((number, status));
                break;
            }
        }
    }
    let (number, status) = refused.expect("the disk is full at some time");
    assert_eq!(status, 507, "{}", server.log());
    let answer = client.exchange(get("/users?limit=1", &token));
    assert!(
        answer.text().contains(&format!("\"total\":{}", number + 1)),
        "reads go on, and nothing is half-written: {}",
        answer.text()
    );
    fs::remove_file(data.join("filler")).unwrap();
    assert_eq!(
        add(&mut client, &token, number),
        201,
        "the same request, once there is room"
    );
    let answer = client.exchange(get("/users?limit=1", &token));
    assert!(
        answer.text().contains(&format!("\"total\":{}", number + 2)),
        "{}",
        answer.text()
    );
    let connection = rusqlite::Connection::open(data.join("pendopo.db")).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    drop(connection);
    server.stop();
}
