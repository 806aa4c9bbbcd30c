//! Secrets stay where they belong: not in the output, the logs, the command line or the environment.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tempfile::tempdir;
use testkit::Raw;

use crate::run::{run, run_with_input};
use crate::server::{Server, get};

/// Every file below a directory that is not the database or a secret's own place.
fn logs(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        found.push((path.display().to_string(), text));
    }
    found
}

#[test]
fn no_secret_is_seen_outside_its_own_place() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    fs::write(path.join("first"), "kuda laut menari\n").unwrap();
    let server = Server::start(
        path,
        &[
            "--set",
            "log.level=trace",
            "--set",
            "admin.password_file=first",
        ],
    );
    let token = server.token();
    let mut client = server.https();
    client.exchange(get("/users?token=rahasia-sekali", &token));
    let cookie = sign_in(&mut client, "kuda laut menari");
    let words = ["user", "passwd", "admin", "--password-file", "-"];
    let console = run_with_input(path, &words, "lain lagi, kuda laut\n");
    let mut seen = vec![
        ("welcome".to_owned(), server.welcome().to_owned()),
        (
            "console".to_owned(),
            format!("{}{}", console.good(), console.stderr),
        ),
        ("command line".to_owned(), process(&server, "cmdline")),
        ("environment".to_owned(), process(&server, "environ")),
    ];
    server.signal(Signal::TERM);
    assert_eq!(server.code(), Some(0));
    seen.push(("log".to_owned(), server.log()));
    seen.extend(logs(&path.join("data/logs")));
    let is_access =
        |(name, text): &(String, String)| name.ends_with("access.log") && text.contains("/users");
    assert!(seen.iter().any(is_access), "the access log was looked at");
    for secret in [token.as_str(), cookie.as_str(), "laut", "rahasia-sekali"] {
        for (name, text) in &seen {
            assert!(!text.contains(secret), "`{secret}` is in {name}");
        }
    }
}

#[test]
fn no_secret_is_in_a_backup() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    run(path, &["init-secrets"]).good();
    let file = path.join("secrets/admin-password");
    let words = ["--set", "admin.password_file=secrets/admin-password"];
    let server = Server::start(path, &words);
    let password = fs::read_to_string(file).unwrap();
    let secrets = [
        server.token(),
        sign_in(&mut server.https(), &password),
        password,
    ];
    run(path, &["backup", "create"]).good();
    let archive = fs::read_dir(path.join("data/backups"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with(".tar.zst"))
        .expect("an archive");
    let held = zstd::decode_all(fs::File::open(archive).unwrap()).unwrap();
    let held = String::from_utf8_lossy(&held);
    assert!(held.contains("Pendopo"), "the records were looked at");
    for secret in secrets {
        assert!(!held.contains(&secret), "`{secret}` is in the backup");
    }
    server.stop();
}

#[test]
fn whoever_lets_everybody_read_a_secret_is_told_whatever_secret_it_is() {
    let directory = tempdir().unwrap();
    let path = directory.path();
    let authority = testkit::Authority::default();
    authority.issue(path, &["localhost"]);
    let settings = "[edge.tls]\ncertificate = \"certificate.pem\"\nkey = \"certificate.key\"\n\
        [admin]\npassword_file = \"first\"\n[backup]\nsecret_key = \"kunci ember\"\n";
    fs::write(path.join("pendopo.toml"), settings).unwrap();
    fs::write(path.join("first"), "kuda laut menari\n").unwrap();
    let secrets = [
        ("first", "admin.password_file"),
        ("certificate.key", "edge.tls.key"),
        ("pendopo.toml", "backup.secret_key"),
    ];
    let allow = |mode| {
        for (name, _) in secrets {
            fs::set_permissions(path.join(name), Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o644);
    let server = Server::start(path, &[]);
    server.signal(Signal::TERM);
    assert_eq!(server.code(), Some(0));
    let (log, doctor) = (server.log(), run(path, &["doctor"]));
    assert_eq!(doctor.code, Some(1), "{doctor:?}");
    for (name, key) in secrets {
        let mut told = log
            .lines()
            .filter(|line| line.contains("can read a secret"));
        assert!(
            told.any(|line| line.contains(name) && line.contains(key)),
            "{key}: {log}"
        );
        let lines = doctor
            .stdout
            .lines()
            .filter(|line| line.starts_with("FAIL"));
        let mut told = lines.filter(|line| line.contains(key));
        assert!(told.any(|line| line.contains("chmod o-r")), "{doctor:?}");
    }
    allow(0o640);
    let doctor = run(path, &["doctor"]);
    assert!(
        doctor.stdout.contains("3 of 3 files are not for everybody"),
        "{doctor:?}"
    );
    fs::remove_file(path.join("certificate.key")).unwrap();
    let doctor = run(path, &["doctor"]);
    assert!(
        doctor.stdout.contains("which `edge.tls.key` leads to"),
        "{doctor:?}"
    );
}

#[test]
fn whoever_lets_everybody_read_a_key_for_a_server_is_told_which_setting_names_it() {
    const STORES: [&str; 5] = ["sessions", "cache", "messages", "limits", "bans"];
    let directory = tempdir().unwrap();
    let path = directory.path();
    testkit::Authority::default().issue(path, &["localhost"]);
    let settings = STORES.map(|store| {
        let key = path.join(format!("key-of-{store}"));
        fs::copy(path.join("certificate.key"), &key).unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
        let certificate = path.join("certificate.pem");
        format!(
            "{store} = \"rediss://127.0.0.1:1?cert_file={}&key_file={}\"\n",
            certificate.display(),
            key.display()
        )
    });
    let settings = format!("[store]\n{}", settings.concat());
    fs::write(path.join("pendopo.toml"), settings).unwrap();
    let doctor = run(path, &["doctor"]);
    for store in STORES {
        let leads = format!("key-of-{store}, which `store.{store}` leads to: `chmod o-r");
        assert!(doctor.stdout.contains(&leads), "{leads}: {doctor:?}");
    }
}

#[test]
fn a_crash_leaves_nothing_of_the_memory_behind() {
    let most = getrlimit(Resource::Core).maximum;
    let all = Rlimit {
        current: most,
        maximum: most,
    };
    setrlimit(Resource::Core, all).unwrap();
    let directory = tempdir().unwrap();
    let server = Server::start(directory.path(), &[]);
    let limits = process(&server, "limits");
    let mut limits = limits.lines();
    let core = limits.find_map(|line| line.strip_prefix("Max core file size"));
    let core: Vec<_> = core.unwrap().split_whitespace().collect();
    assert_eq!(core, ["0", "0", "bytes"]);
    server.signal(Signal::ABORT);
    assert_eq!(server.code(), None);
    let left = fs::read_dir(directory.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    let is_core = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("core");
    assert!(!left.iter().any(is_core), "{left:?}");
}

/// What the system shows of the server to everybody on the machine.
fn process(server: &Server, name: &str) -> String {
    let bytes = fs::read(format!("/proc/{}/{name}", server.pid())).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Signs in as the first administrator; the session's secret.
fn sign_in(client: &mut Raw, password: &str) -> String {
    let form = format!("login=admin&password={}", password.replace(' ', "+"));
    let answer = client.exchange(format!(
        "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    ));
    let cookie = answer.header("set-cookie").expect("a session");
    cookie.split(['=', ';']).nth(1).expect("a value").to_owned()
}
