//! A data directory that is made once, and copied for each server: a second of work less for each test.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::programs::{as_server, give_to_server, program};
use super::{NAME, PASSWORD, run};

/// What every test's server has: it is thrown away, so nothing need reach the disk.
const SETTINGS: &str = "
fsync = off
full_page_writes = off
autovacuum = off
shared_buffers = 8MB
max_connections = 60
max_wal_size = 64MB
min_wal_size = 2MB
log_min_messages = warning
";

/// Copies the template to a place that does not exist yet.
pub(super) fn copy(to: &Path) {
    let template = made();
    run(Command::new("cp")
        .args(["-a", "--reflink=auto"])
        .arg(template)
        .arg(to));
}

fn made() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/postgres");
    fs::create_dir_all(&target).expect("a directory in `target`");
    let version = run(Command::new(program("postgres")).arg("--version"));
    let number = version.split_whitespace().nth(2).expect("its version");
    let place = target.join(number);
    // Of tests that start together, one makes it.
    let lock = File::create(target.join("lock")).expect("a file in `target`");
    lock.lock().expect("a lock");
    if !place.exists() {
        make(&place);
    }
    place
}

/// Made elsewhere, since the server's user may not write here.
fn make(place: &Path) {
    let directory = tempfile::TempDir::new().expect("a directory");
    give_to_server(directory.path());
    let data = directory.path().join("data");
    run(as_server(&program("initdb"))
        .args([
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--auth=trust",
        ])
        .args(["--wal-segsize=1", "--no-sync", "-D"])
        .arg(&data));
    let mut settings = File::options()
        .append(true)
        .open(data.join("postgresql.conf"))
        .expect("the server's settings");
    settings
        .write_all(SETTINGS.as_bytes())
        .expect("the server's settings");
    alone(
        &data,
        &format!("CREATE ROLE {NAME} LOGIN PASSWORD '{PASSWORD}'"),
    );
    alone(&data, &format!("CREATE DATABASE {NAME} OWNER {NAME}"));
    let part = place.with_extension("part");
    let _ = fs::remove_dir_all(&part);
    run(Command::new("cp").arg("-a").arg(&data).arg(&part));
    fs::rename(&part, place).expect("a directory that can be renamed");
}

/// A statement to a server that serves nobody else.
fn alone(data: &Path, sql: &str) {
    let mut command = as_server(&program("postgres"));
    command.args(["--single", "-D"]).arg(data).arg("postgres");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("PostgreSQL can be started");
    let mut input = child.stdin.take().expect("its input");
    writeln!(input, "{sql};").expect("it reads");
    drop(input);
    assert!(child.wait().expect("it ends").success(), "{sql}");
}
