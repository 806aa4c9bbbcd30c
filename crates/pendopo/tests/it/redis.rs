//! The real binary on Debian's Redis.

mod backups;
mod bans;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testkit::Raw;
use testkit::redis;

use crate::run::run;
use crate::server::{QUIET, Server, Starting, get, post};

const SECRET: &str = "gajah-mada-1331";
const PAGE: &str = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n";

/// A server that asks for a password, and a directory with the file that holds it.
struct House {
    redis: redis::Server,
    directory: TempDir,
}

impl House {
    fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let file = directory.path().join("redis-password");
        fs::write(&file, format!("{SECRET}\n")).expect("a file");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
        fs::write(directory.path().join("secret"), "kuda laut menari\n").expect("a file");
        Self {
            redis: redis::Server::with(&[("requirepass", SECRET)]),
            directory,
        }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What leads to Redis, for these keys.
    fn words(&self, keys: &[&str]) -> Vec<String> {
        let each = keys.iter().flat_map(|key| {
            let address = format!("store.{key}={}", self.redis.url());
            let password = format!("store.{key}_password_file=redis-password");
            ["--set".to_owned(), address, "--set".to_owned(), password]
        });
        let admin = ["--set", "admin.password_file=secret"].map(str::to_owned);
        each.chain(admin).collect()
    }

    fn starting(&self, keys: &[&str]) -> Starting {
        let words = self.words(keys);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Starting::start(self.path(), &words)
    }
}

/// Posts a message by the page's form, as a browser does.
fn form(text: &str) -> String {
    let form = format!("message={text}");
    format!(
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// Signs in over HTTPS; answers the cookie.
fn sign_in(client: &mut Raw) -> String {
    let form = "login=admin&password=kuda+laut+menari";
    let answer = client.exchange(format!(
        "POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    ));
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer.header("set-cookie").expect("a cookie");
    cookie.split(';').next().expect("a pair").to_owned()
}

/// Whether this cookie lets somebody into their account.
fn is_in(client: &mut Raw, cookie: &str) -> bool {
    let asked = format!("GET /account HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n");
    client.exchange(asked).status == 200
}

#[test]
fn started_before_redis_it_says_so_and_serves_the_rest_until_that_comes() {
    let mut house = House::new();
    house.redis.kill();
    let server = house.starting(&["messages"]).ready();
    server.ask_until("/readyz", |answer| {
        answer.status == 503
            && answer
                .text()
                .contains(r#""messages":"the store is not available"#)
    });
    let mut client = server.http();
    let refused = client.exchange(PAGE);
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("2"))
    );
    assert_eq!(client.exchange(get("/users", &server.token())).status, 200);
    let private = format!("admin.listen={}", server.private());
    let place = house.path().to_owned();
    let check = |words: &[&str]| run(&place, &[words, &["--set", &private]].concat());
    let ended = check(&["healthcheck", "--started"]);
    assert!(
        ended.complaint(1).contains("the server has not started"),
        "{ended:?}"
    );
    house.redis.start();
    server.ask_until("/readyz", |answer| answer.status == 200);
    assert_eq!(client.exchange(form("halo")).status, 303);
    let page = client.exchange(PAGE);
    assert!(
        page.status == 200 && page.text().contains("halo"),
        "{}",
        page.text()
    );
    house.redis.kill();
    let lost = client.exchange(form("hilang"));
    assert_eq!((lost.status, lost.header("retry-after")), (503, Some("2")));
    server.ask_until("/readyz", |answer| answer.status == 503);
    let ended = check(&["healthcheck"]);
    assert!(
        ended.complaint(1).contains("the server is not ready"),
        "{ended:?}"
    );
    check(&["healthcheck", "--role", "web", "--started"]).good();
    house.redis.start();
    let begun = Instant::now();
    let page = loop {
        let page = client.exchange(PAGE);
        if page.status == 200 {
            break page;
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{}", page.text());
    };
    assert!(page.text().contains("halo") && !page.text().contains("hilang"));
    let trail = client.exchange(get("/health", ""));
    assert_eq!(trail.status, 200);
    assert!(!server.log().contains(SECRET), "{}", server.log());
    server.stop();
}

#[test]
fn sessions_outlive_a_restart_and_end_with_their_person() {
    let house = House::new();
    let keys = ["sessions", "messages", "cache"];
    let first = house.starting(&keys).ready();
    let cookie = sign_in(&mut first.https());
    assert!(is_in(&mut first.https(), &cookie));
    first.stop();
    let second = house.starting(&keys).ready();
    let mut client = second.https();
    assert!(is_in(&mut client, &cookie));
    // The command line ends sessions wherever they are.
    let mut words = vec!["user".to_owned(), "passwd".to_owned(), "admin".to_owned()];
    words.extend(house.words(&keys));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let changed = run(house.path(), &words);
    assert_eq!(changed.code, Some(0), "{changed:?}");
    assert!(!is_in(&mut client, &cookie));
    second.stop();
}

#[test]
fn the_doctor_and_the_status_say_how_redis_is() {
    let house = House::new();
    let keys = ["sessions", "messages", "cache", "limits"];
    let server = house.starting(&keys).ready();
    server.ask_until("/status", |answer| {
        answer.text().contains("before it answers")
    });
    server.ask_until("/status", |answer| {
        answer.text().contains("together with other edges")
    });
    server.stop();
    let mut words = vec!["doctor".to_owned()];
    words.extend(QUIET.map(str::to_owned));
    words.extend(house.words(&keys));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let told = run(house.path(), &words).stdout;
    for line in ["messages", "sessions", "cache", "limits"] {
        let line = format!("ok    {line:<15} engine: Redis 7");
        assert!(told.contains(&line), "{line}: {told}");
    }
    assert!(!told.contains(SECRET), "{told}");
    fs::write(house.path().join("redis-password"), "salah\n").expect("a file");
    let told = run(house.path(), &words).stdout;
    assert!(
        told.contains("it refuses the user or the password"),
        "{told}"
    );
}

#[test]
fn what_nobody_needs_is_told_when_it_is_away_and_harms_nobody() {
    let mut house = House::new();
    let mut words = house.words(&["cache", "limits"]);
    words.extend(["--set", "edge.limit.rate=1000r/s"].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let server = Server::start(house.path(), &words);
    let is = |state: &'static str| {
        move |answer: &testkit::Response| {
            let told = answer.text().to_string();
            let each = ["cache", "limits"].map(|part| format!(r#""{part}":"{state}"#));
            answer.status == 200 && each.iter().all(|part| told.contains(part))
        }
    };
    server.ask_until("/readyz", is(r#"ready""#));
    house.redis.kill();
    let token = server.token();
    server.ask_until("/readyz", |answer| {
        // The edge learns of it by a request, which it lets in by itself.
        assert_eq!(server.http().exchange(get("/users", &token)).status, 200);
        let told = answer.text().to_string();
        let is_ready =
            ["cache", "limits"].map(|part| told.contains(&format!(r#""{part}":"ready""#)));
        answer.status == 200 && is_ready == [false, false]
    });
    house.redis.start();
    server.ask_until("/readyz", |answer| {
        // Requests show the edge that it is back.
        server.http().exchange(get("/users", &token));
        is(r#"ready""#)(answer)
    });
    server.stop();
}

#[test]
fn two_processes_with_one_database_learn_of_each_others_changes() {
    let house = House::new();
    let database = testkit::postgres::Server::default();
    let records = format!("store.records={}", database.url());
    let other = TempDir::new().expect("a directory");
    for name in ["redis-password", "secret"] {
        fs::copy(house.path().join(name), other.path().join(name)).expect("a copy");
    }
    let mut words = house.words(&["cache"]);
    words.extend(["--set".to_owned(), records]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let one = Server::start(house.path(), &words);
    let two = Server::start(other.path(), &words);
    let (mut at_one, mut at_two, token) = (one.http(), two.http(), one.token());
    let made = at_one.exchange(post(
        "/user",
        &token,
        "",
        r#"{"first_name":"Ani","last_name":"W"}"#,
    ));
    let path = made.header("location").expect("a place").to_owned();
    let mut slowest = Duration::ZERO;
    for round in 0..10 {
        let tag = at_two.exchange(get(&path, &token));
        let tag = tag.header("etag").expect("a tag").to_owned();
        let name = format!("Ani {round}");
        let body = format!(r#"{{"first_name":"{name}"}}"#);
        let changed = at_one.exchange(format!(
            "PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nIf-Match: {tag}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        assert_eq!(changed.status, 200, "{}", changed.text());
        let begun = Instant::now();
        while !at_two.exchange(get(&path, &token)).text().contains(&name) {
            assert!(begun.elapsed() < Duration::from_secs(1), "round {round}");
        }
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    one.stop();
    two.stop();
}

/// How many of the requests that two servers get as fast as they can answer are let through, by how many are due.
fn ratio(one: &Server, two: &Server) -> f64 {
    let mut clients = [one.http(), two.http()];
    let (begun, mut passed) = (Instant::now(), 0_u32);
    while begun.elapsed() < Duration::from_secs(3) {
        for client in &mut clients {
            let answer = client.exchange("GET /users HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
            passed += u32::from(answer.status != 429);
        }
    }
    f64::from(passed) / (20.0 * begun.elapsed().as_secs_f64() + 21.0)
}

#[test]
fn two_edges_hold_one_limit_and_each_its_own_without_redis() {
    let mut house = House::new();
    let other = TempDir::new().expect("a directory");
    for name in ["redis-password", "secret"] {
        fs::copy(house.path().join(name), other.path().join(name)).expect("a copy");
    }
    let mut words = house.words(&["limits"]);
    let limit = ["rate=20r/s", "burst=20", "nodelay=true"];
    words.extend(
        limit
            .iter()
            .flat_map(|pair| ["--set".to_owned(), format!("edge.limit.{pair}")]),
    );
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (one, two) = (
        Server::start(house.path(), &words),
        Server::start(other.path(), &words),
    );
    let shared = ratio(&one, &two);
    assert!((0.9..=1.1).contains(&shared), "{shared}");
    house.redis.kill();
    let alone = ratio(&one, &two);
    assert!((1.3..=2.2).contains(&alone), "{alone}");
    one.await_log("this edge holds its limits alone");
    one.ask_until("/status", |answer| {
        answer.text().contains("by this edge alone")
    });
    house.redis.start();
    one.ask_until("/readyz", |answer| answer.status == 200);
    // Somebody has to ask before it is found to be back.
    let mut client = one.http();
    while !one.log().contains("together with other edges again") {
        client.exchange("GET /users HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    }
    one.stop();
    two.stop();
}
