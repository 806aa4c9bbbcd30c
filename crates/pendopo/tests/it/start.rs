//! A good start: what it leaves on the disk, what it prints, what may be pasted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::tempdir;

use crate::run;
use crate::server::{QUIET, Server, get};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_first_start_makes_a_private_directory_and_a_line_that_can_be_pasted() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let data = directory.path().join("data");
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("admin-token")), 0o600);
    for name in ["pendopo.db", "tls/ca.pem", "logs/access.log"] {
        assert!(data.join(name).exists(), "{name}");
    }
    let line = server.welcome().lines().last().unwrap();
    let pasted = Command::new("sh")
        .arg("-c")
        .arg(line)
        .current_dir(directory.path())
        .output()
        .unwrap();
    let answer = String::from_utf8_lossy(&pasted.stdout);
    assert!(
        answer.starts_with("{\"users\":[{\"id\":1,"),
        "{line}: {pasted:?}"
    );
    server.stop();
}

#[test]
fn a_path_with_spaces_and_quotes_can_be_pasted_as_well() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &["--data", "it's my data"]);
    let line = server.welcome().lines().last().unwrap();
    let pasted = Command::new("sh")
        .arg("-c")
        .arg(line)
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(
        String::from_utf8_lossy(&pasted.stdout).starts_with("{\"users\":"),
        "{line}: {pasted:?}"
    );
}

#[test]
fn the_one_time_password_is_printed_at_the_first_start_alone() {
    let directory = tempdir().unwrap();
    let first = Server::start(directory.path(), &[]);
    let is_password = |line: &&str| line.trim().len() == 19 && line.trim().split('-').count() == 4;
    assert_eq!(
        first.welcome().lines().filter(is_password).count(),
        1,
        "{}",
        first.welcome()
    );
    assert!(
        first
            .welcome()
            .contains("A token for the API is in data/admin-token")
    );
    let token = first.token();
    first.stop();
    let second = Server::start(directory.path(), &[]);
    assert_eq!(
        second.welcome().lines().filter(is_password).count(),
        0,
        "{}",
        second.welcome()
    );
    assert!(
        !second.welcome().contains("token for the API"),
        "{}",
        second.welcome()
    );
    assert_eq!(second.token(), token);
    second.stop();
}

#[test]
fn a_first_start_that_was_killed_is_made_up_for() {
    let directory = tempdir().unwrap();
    Server::start(directory.path(), &[]).kill();
    let database = directory.path().join("data/pendopo.db");
    let connection = rusqlite::Connection::open(database).unwrap();
    connection
        .execute("DELETE FROM setting WHERE name = 'first_start'", [])
        .unwrap();
    drop(connection);
    fs::remove_file(directory.path().join("data/admin-token")).unwrap();
    let server = Server::start(directory.path(), &[]);
    assert!(
        server.welcome().contains("one-time password"),
        "{}",
        server.welcome()
    );
    let answer = server.https().exchange(get("/users", &server.token()));
    assert!(answer.text().contains("\"total\":1"), "{}", answer.text());
}

#[test]
fn a_chosen_first_password_is_taken_from_its_file_and_not_printed() {
    let directory = tempdir().unwrap();
    fs::write(directory.path().join("secret"), "kuda laut menari\n").unwrap();
    let server = Server::start(directory.path(), &["--set", "admin.password_file=secret"]);
    assert!(
        !server.welcome().contains("one-time password"),
        "{}",
        server.welcome()
    );
    assert!(!server.welcome().contains("menari"), "{}", server.welcome());
    let form = "login=admin&password=kuda+laut+menari";
    let answer = server.https().exchange(format!(
        "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    ));
    assert_eq!(
        (answer.status, answer.header("set-cookie").is_some()),
        (303, true),
        "{}",
        answer.text()
    );
}

#[test]
fn a_lost_token_file_is_made_anew_and_the_old_token_revoked() {
    let directory = tempdir().unwrap();
    let first = Server::start(directory.path(), &[]);
    let old = first.token();
    first.stop();
    fs::remove_file(directory.path().join("data/admin-token")).unwrap();
    let second = Server::start(directory.path(), &[]);
    assert!(
        second.welcome().contains("the old token is revoked"),
        "{}",
        second.welcome()
    );
    let new = second.token();
    assert_ne!(old, new);
    assert_eq!(second.https().exchange(get("/users", &old)).status, 401);
    assert_eq!(second.https().exchange(get("/users", &new)).status, 200);
    assert!(!second.welcome().contains(&new));
    second.stop();
}

#[test]
fn every_part_is_ready_and_measured_on_the_private_listener() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    server.ask_until("/readyz", |answer| answer.status == 200);
    let report = server.ask("/readyz");
    assert_eq!(
        report.text().trim(),
        r#"{"parts":{"edge":"ready","process":"ready","store":"ready"},"ready":true}"#
    );
    assert_eq!(server.ask("/livez").text(), "ok\n");
    assert_eq!(
        server
            .http()
            .exchange("GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            .status,
        200
    );
    let metrics = server.ask("/metrics");
    for name in [
        "pendopo_build_info{version=",
        "process_resident_memory_bytes ",
        "pendopo_edge_requests_total{",
    ] {
        assert!(
            metrics.text().lines().any(|line| line.starts_with(name)),
            "{name}: {}",
            metrics.text()
        );
    }
    let facts = server.ask("/status");
    for fact in [
        "\"roles\":\"edge, web\"",
        "\"engine\":\"SQLite",
        "\"https listener\":\"https://127.0.0.1:",
    ] {
        assert!(facts.text().contains(fact), "{fact}: {}", facts.text());
    }
}

#[test]
fn the_role_web_by_itself_serves_on_a_plain_listener() {
    let directory = tempdir().unwrap();
    let mut command = run::command(directory.path());
    command
        .args(QUIET)
        .args(["--role", "web", "--set", "web.listen=127.0.0.1:0"]);
    let server = Server::spawn(directory.path(), command);
    assert!(
        !server.welcome().contains("https://"),
        "{}",
        server.welcome()
    );
    assert_eq!(
        server
            .http()
            .exchange(get("/users", &server.token()))
            .status,
        200
    );
    server.stop();
}

#[test]
fn an_open_api_needs_no_token_on_loopback() {
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &["--open-api"]);
    let body = r#"{"first_name":"Ani","last_name":"Budi"}"#;
    let request = format!(
        "POST /user HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(server.http().exchange(request).status, 201);
    server.stop();
}

#[test]
fn with_a_domain_it_says_where_the_certificate_comes_from() {
    let directory = tempdir().unwrap();
    let start = |authority: &str| {
        let authority = format!("edge.acme.directory={authority}");
        let words = ["--domain", "sekolah.example", "--set", &authority];
        let server = Server::start(directory.path(), &words);
        let welcome = server.welcome().to_owned();
        server.stop();
        assert!(
            welcome.contains("Sign in at https://sekolah.example:"),
            "{welcome}"
        );
        welcome
    };
    let local = start("off");
    assert!(
        local.contains("signed by this server's own authority"),
        "{local}"
    );
    assert!(local.contains("--cacert"), "{local}");
    let fetched = start("https://127.0.0.1:1/directory");
    assert!(
        fetched.contains("is fetched and renewed by itself"),
        "{fetched}"
    );
    assert!(!fetched.contains("--cacert"), "{fetched}");
}
