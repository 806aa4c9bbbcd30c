//! What is said of a file, and what is sent of it under which condition.

use std::fs::{self, File};
use std::time::{Duration, UNIX_EPOCH};

use super::{Shelf, get, request, write};

#[test]
fn a_file_comes_with_its_type_its_state_and_how_long_to_keep_it() {
    let shelf = Shelf::with(&[
        ("a.css", "body{}"),
        ("img/logo.3f2a91bc.svg", "<svg/>"),
        ("photo.jpg", "jpeg"),
    ]);
    let mut client = shelf.client();
    let style = client.exchange(get("/a.css", &[]));
    assert_eq!((style.status, style.text()), (200, "body{}"));
    let header = |name| style.header(name).unwrap_or_default();
    assert_eq!(header("content-type"), "text/css; charset=utf-8");
    assert_eq!(header("content-length"), "6");
    assert_eq!(header("cache-control"), "no-cache");
    assert_eq!(header("vary"), "accept-encoding");
    assert_eq!(header("accept-ranges"), "bytes");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("etag").starts_with('"') && header("etag").ends_with('"'));
    assert!(header("last-modified").ends_with(" GMT"));
    // What a page of others may do, nobody can guess.
    assert_eq!(style.header("content-security-policy"), None);
    let logo = client.exchange(get("/img/logo.3f2a91bc.svg?v=1", &[]));
    assert_eq!(
        (logo.status, logo.header("cache-control")),
        (200, Some("public, max-age=31536000, immutable"))
    );
    let photo = client.exchange(get("/photo.jpg", &[]));
    assert_eq!((photo.header("vary"), photo.text()), (None, "jpeg"));
    let records = shelf.house.records(3);
    assert_eq!(
        (
            &records[0]["upstream"],
            &records[0]["site"],
            &records[0]["bytes_out"]
        ),
        (&"folder".into(), &"*/".into(), &6.into())
    );
}

#[test]
fn head_says_what_get_would() {
    let shelf = Shelf::with(&[("a.txt", "hello"), ("empty.txt", "")]);
    let mut client = shelf.client();
    for path in ["/a.txt", "/empty.txt"] {
        client.send(request("HEAD", path, &[]));
        let head = client.try_response("HEAD").unwrap();
        let whole = client.exchange(get(path, &[]));
        for name in [
            "content-length",
            "content-type",
            "etag",
            "cache-control",
            "last-modified",
        ] {
            assert_eq!(head.header(name), whole.header(name), "{name} of {path}");
        }
        assert_eq!((head.status, whole.status), (200, 200));
    }
}

#[test]
fn only_get_and_head_are_served() {
    let shelf = Shelf::with(&[("a.txt", "hello")]);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let request = request(method, "/a.txt", &[("content-length", "0")]);
        let answer = shelf.client().exchange(request);
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some("GET, HEAD"))
        );
    }
    assert_eq!(fs::read_to_string(shelf.path("a.txt")).unwrap(), "hello");
}

#[test]
fn a_client_that_has_the_file_is_told_so() {
    let shelf = Shelf::with(&[("a.txt", "hello")]);
    let mut client = shelf.client();
    let first = client.exchange(get("/a.txt", &[]));
    let (tag, date) = (
        first.header("etag").unwrap(),
        first.header("last-modified").unwrap(),
    );
    let weak = format!("W/{tag}");
    let mut ask = |headers: &[(&str, &str)]| client.exchange(get("/a.txt", headers)).status;
    for held in [tag, &weak, "*"] {
        assert_eq!(ask(&[("if-none-match", held)]), 304, "{held}");
    }
    assert_eq!(ask(&[("if-none-match", "\"other\"")]), 200);
    assert_eq!(ask(&[("if-modified-since", date)]), 304);
    assert_eq!(ask(&[("if-match", tag)]), 200);
    assert_eq!(ask(&[("if-match", &weak)]), 412);
    assert_eq!(
        ask(&[("if-unmodified-since", "Sun, 06 Nov 1994 08:49:37 GMT")]),
        412
    );
    let unchanged = client.exchange(get("/a.txt", &[("if-none-match", tag)]));
    assert_eq!(
        (unchanged.header("etag"), unchanged.body.len()),
        (Some(tag), 0)
    );
    assert_eq!(unchanged.header("cache-control"), Some("no-cache"));
    assert_eq!(unchanged.header("vary"), Some("accept-encoding"));
    write(&shelf.path("a.txt"), "world");
    let changed = client.exchange(get("/a.txt", &[("if-none-match", tag)]));
    assert_eq!((changed.status, changed.text()), (200, "world"));
}

#[test]
fn a_coded_file_beside_is_sent_to_whom_it_suits() {
    let shelf = Shelf::with(&[
        ("app.js", "plain"),
        ("app.js.br", "brotli"),
        ("app.js.zst", "zstd"),
        ("app.js.gz", "gzip"),
        ("one.js", "plain"),
        ("one.js.gz", "gzip"),
        ("photo.jpg", "plain"),
        ("photo.jpg.gz", "gzip"),
        ("gone.js.gz", "gzip"),
    ]);
    let mut client = shelf.client();
    let mut check = |path: &str, accepted: &str, expected: &str, coding: Option<&str>| {
        let answer = client.exchange(get(path, &[("accept-encoding", accepted)]));
        assert_eq!(answer.text(), expected, "{path} for {accepted}");
        assert_eq!(
            answer.header("content-encoding"),
            coding,
            "{path} for {accepted}"
        );
        answer
    };
    let coded = check("/app.js", "gzip, deflate, br, zstd", "brotli", Some("br"));
    assert_eq!(
        coded.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert_eq!(coded.header("vary"), Some("accept-encoding"));
    let plain = check("/app.js", "", "plain", None);
    assert_ne!(coded.header("etag"), plain.header("etag"));
    check("/app.js", "gzip, zstd", "zstd", Some("zstd"));
    check("/app.js", "br;q=0.1, gzip;q=0.9", "gzip", Some("gzip"));
    check("/app.js", "br;q=0, zstd;q=0, gzip;q=0", "plain", None);
    check("/app.js", "identity;q=0", "plain", None);
    check("/one.js", "br, gzip", "gzip", Some("gzip"));
    check("/photo.jpg", "gzip", "plain", None);
    assert_eq!(
        client
            .exchange(get("/gone.js", &[("accept-encoding", "gzip")]))
            .status,
        404
    );
    assert_eq!(client.exchange(get("/app.js.gz", &[])).text(), "gzip");
}

#[test]
fn a_coded_file_that_was_forgotten_is_not_sent() {
    let shelf = Shelf::with(&[("app.js", "new"), ("app.js.gz", "old")]);
    let earlier = UNIX_EPOCH + Duration::from_hours(24);
    let coded = File::options()
        .write(true)
        .open(shelf.path("app.js.gz"))
        .unwrap();
    coded.set_modified(earlier).unwrap();
    let answer = shelf
        .client()
        .exchange(get("/app.js", &[("accept-encoding", "gzip")]));
    assert_eq!(
        (answer.text(), answer.header("content-encoding")),
        ("new", None)
    );
}

#[test]
fn a_folder_shows_its_page_and_never_its_list() {
    let shelf = Shelf::with(&[
        ("index.html", "home"),
        ("docs/index.html", "docs"),
        ("empty/file.txt", "x"),
        ("odd/index.html/file.txt", "x"),
    ]);
    let mut client = shelf.client();
    let home = client.exchange(get("/", &[]));
    assert_eq!(
        (home.text(), home.header("content-type")),
        ("home", Some("text/html; charset=utf-8"))
    );
    assert_eq!(client.exchange(get("/docs/", &[])).text(), "docs");
    let moved = client.exchange(get("/docs?a=/b", &[]));
    assert_eq!(
        (moved.status, moved.header("location")),
        (301, Some("/docs/?a=/b"))
    );
    for path in [
        "/empty/",
        "/odd/",
        "/index.html/",
        "/none",
        "/docs/none.html",
    ] {
        assert_eq!(client.exchange(get(path, &[])).status, 404, "{path}");
    }
}

#[test]
fn the_sites_path_stays_part_of_the_files_name() {
    let shelf = Shelf::with(&[("assets/a.css", "in"), ("a.css", "out")]);
    let house = crate::house::House::with(|plan| {
        plan.config.site = vec![edge::config::SiteConfig {
            path: "/assets".to_owned(),
            root: Some(shelf.path("")),
            ..edge::config::SiteConfig::default()
        }];
        plan.web = false;
    });
    let mut client = house.plain();
    assert_eq!(client.exchange(get("/assets/a.css", &[])).text(), "in");
    assert_eq!(client.exchange(get("/a.css", &[])).status, 404);
}
