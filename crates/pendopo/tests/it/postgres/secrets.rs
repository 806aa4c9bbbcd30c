//! Passwords and certificates: how the server is known, and that nobody else learns the password.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;
use testkit::Authority;
use testkit::postgres::{self, PASSWORD};

use crate::run::run;
use crate::server::{Server, get};

const ONLY_TLS_AND_SCRAM: &str =
    "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n";

/// A database that asks for a password over TLS, and a directory with its password's file.
struct Vault {
    database: postgres::Server,
    directory: TempDir,
    url: String,
    file: PathBuf,
}

impl Vault {
    fn new() -> Self {
        let files = TempDir::new().unwrap();
        let authority = Authority::default();
        let (certificate, key) = authority.issue(files.path(), &["127.0.0.1"]);
        let mut database = postgres::Server::with(ONLY_TLS_AND_SCRAM, &[]);
        let root = authority.root(database.directory());
        database.write("data/server.crt", &fs::read_to_string(certificate).unwrap());
        let key = database.write("data/server.key", &fs::read_to_string(key).unwrap());
        fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
        database.sql("ALTER SYSTEM SET ssl = on");
        database.stop();
        database.start();
        let options = format!("sslmode=verify-full&sslrootcert={}", root.display());
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("password");
        fs::write(&file, format!("{PASSWORD}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        Self {
            url: database.url().replace("sslmode=disable", &options),
            database,
            directory,
            file,
        }
    }

    fn words(&self) -> [String; 4] {
        let set = || "--set".to_owned();
        let file = format!("store.records_password_file={}", self.file.display());
        [set(), format!("store.records={}", self.url), set(), file]
    }

    fn start(&self) -> Server {
        let words = self.words();
        Server::start(self.directory.path(), &words.each_ref().map(String::as_str))
    }
}

#[test]
fn a_password_that_changes_is_read_from_its_file_at_the_next_connection() {
    let vault = Vault::new();
    let server = vault.start();
    server.ask_until("/status", |facts| {
        facts.text().contains("\"connection\":\"encrypted\"")
    });
    let token = server.token();
    vault
        .database
        .sql("ALTER ROLE pendopo PASSWORD 'another one'");
    fs::write(&vault.file, "another one\n").unwrap();
    vault
        .database
        .sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pendopo'");
    assert_eq!(server.http().exchange(get("/users", &token)).status, 200);
    server.stop();
    fs::set_permissions(&vault.file, fs::Permissions::from_mode(0o644)).unwrap();
    let server = vault.start();
    server.await_log("everybody on this machine can read the password");
    server.stop();
}

#[test]
fn a_password_is_in_no_log_argument_environment_or_answer() {
    let vault = Vault::new();
    let in_address = vault.url.replace(
        "pendopo@",
        &format!("pendopo:{}@", PASSWORD.replace(' ', "%20")),
    );
    let directory = TempDir::new().unwrap();
    let config = directory.path().join("pendopo.toml");
    fs::write(&config, format!("[store]\nrecords = \"{in_address}\"\n")).unwrap();
    let by_address = Server::start(directory.path(), &["--set", "log.level=trace"]);
    let by_file = vault.start();
    let checked = run(directory.path(), &["check"]);
    assert!(
        checked.good().contains("pendopo:********@127.0.0.1"),
        "{checked:?}"
    );
    let words = vault.words();
    let by_file_checked = run(
        vault.directory.path(),
        &[&["check"][..], &words.each_ref().map(String::as_str)].concat(),
    );
    assert!(
        by_file_checked
            .good()
            .contains("store.records_password = \"********\"")
    );
    let doctor = run(directory.path(), &["doctor"]);
    by_address.await_log("an address of PostgreSQL holds a password");
    let mut seen = vec![
        checked.stdout,
        by_file_checked.stdout,
        doctor.stdout,
        doctor.stderr,
    ];
    for server in [&by_address, &by_file] {
        server.ask_until("/readyz", |answer| answer.status == 200);
        let place = format!("/proc/{}/", server.pid());
        for file in ["environ", "cmdline"] {
            seen.push(
                String::from_utf8_lossy(&fs::read(format!("{place}{file}")).unwrap()).into_owned(),
            );
        }
        seen.extend([server.log(), server.welcome().to_owned()]);
        seen.extend(
            ["/status", "/readyz", "/metrics"].map(|path| server.ask(path).text().to_owned()),
        );
    }
    for text in seen {
        assert!(
            !text.contains(PASSWORD) && !text.contains("rahasia"),
            "{text}"
        );
    }
    by_address.stop();
    by_file.stop();
}

#[test]
fn a_server_that_can_not_prove_itself_is_waited_for_and_never_told_the_password() {
    let vault = Vault::new();
    let stranger = vault.url.split("sslrootcert").next().unwrap().to_owned() + "sslrootcert=system";
    let file = format!("store.records_password_file={}", vault.file.display());
    let words = [
        "user",
        "list",
        "--set",
        &format!("store.records={stranger}"),
        "--set",
        &file,
    ];
    let refused = run(vault.directory.path(), &words);
    assert!(refused.complaint(1).contains("certificate"), "{refused:?}");
}

#[test]
fn a_school_moves_over_tls_with_a_password_and_back() {
    let vault = Vault::new();
    let path = vault.directory.path();
    Server::start(path, &[]).stop();
    let file = vault.file.to_str().unwrap();
    let people = "SELECT count(*) FROM person";
    for (from, to, password) in [
        (
            "sqlite:data/pendopo.db",
            vault.url.as_str(),
            "--to-password-file",
        ),
        (&vault.url, "sqlite:back.db", "--from-password-file"),
    ] {
        let ran = run(path, &["copy", "--from", from, "--to", to, password, file]);
        assert!(ran.good().contains("is the same in both"), "{ran:?}");
    }
    assert_eq!(vault.database.sql(people), "1");
    let plain = vault.url.replace("verify-full", "disable");
    let words = [
        "copy",
        "--from",
        &plain,
        "--to",
        "sqlite:no.db",
        "--from-password-file",
        file,
    ];
    assert_eq!(
        run(path, &words).code,
        Some(1),
        "the server takes nobody without TLS"
    );
}
