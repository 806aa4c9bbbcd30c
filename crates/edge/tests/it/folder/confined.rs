//! Nothing outside the folder is shown, nor what hides in it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use proptest::prelude::{ProptestConfig, prop, prop_assert, proptest};

use super::{Shelf, write};

/// A folder beside a secret, with links to it and a fifo.
fn shelf() -> Shelf {
    let shelf = Shelf::with(&[
        ("file.txt", "open"),
        ("sub/file.txt", "open"),
        (".env", "secret"),
        (".git/config", "secret"),
        (".well-known/security.txt", "open"),
    ]);
    let outside = shelf.folder.path().join("outside");
    write(&outside.join("file.txt"), "secret");
    write(&shelf.folder.path().join("secret.txt"), "secret");
    for (target, link) in [
        ("../secret.txt", "out.txt"),
        ("../outside", "outside"),
        ("/etc", "etc"),
        ("/proc/self/root", "magic"),
        ("sub/file.txt", "in.txt"),
        ("loop", "loop"),
    ] {
        symlink(target, shelf.path(link)).unwrap();
    }
    let fifo = shelf.path("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o666);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    shelf
}

#[test]
fn paths_links_and_specials_do_not_lead_out() {
    let shelf = shelf();
    for (path, status) in [
        ("/file.txt", 200),
        ("/in.txt", 200),
        ("/.well-known/security.txt", 200),
        ("/../secret.txt", 404),
        ("/sub/../../secret.txt", 404),
        ("/%2e%2e/secret.txt", 404),
        ("/..%2fsecret.txt", 404),
        ("/%2e%2e%2fsecret.txt", 404),
        ("/..%5csecret.txt", 404),
        ("/%252e%252e/secret.txt", 404),
        ("//secret.txt", 404),
        ("/sub//file.txt", 404),
        ("/file.txt%00.jpg", 404),
        ("/.env", 404),
        ("/%2eenv", 404),
        ("/.git/config", 404),
        ("/sub/.well-known/x", 404),
        ("/%c0%ae%c0%ae/secret.txt", 404),
        ("/out.txt", 403),
        ("/outside/file.txt", 403),
        ("/outside", 403),
        ("/etc/passwd", 403),
        ("/magic/etc/passwd", 403),
        ("/loop", 403),
        ("/fifo", 403),
        ("/file.txt/x", 404),
    ] {
        let answer = shelf.get(path);
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.text().contains("secret") || status != 200, "{path}");
    }
    let long = format!("/{}", "a".repeat(300));
    assert_eq!(shelf.get(&long).status, 404);
}

#[test]
fn a_file_without_the_right_to_read_is_refused_and_the_log_says_so() {
    let shelf = shelf();
    // Root may read everything.
    if rustix::process::geteuid().is_root() {
        assert_eq!(shelf.get("/fifo").status, 403);
    } else {
        let closed = fs::Permissions::from_mode(0o000);
        fs::set_permissions(shelf.path("file.txt"), closed).unwrap();
        assert_eq!(shelf.get("/file.txt").status, 403);
    }
    assert_eq!(shelf.house.records(1)[0]["cause"], "file_denied");
}

#[test]
fn no_path_shows_the_secret() {
    let shelf = shelf();
    let words = prop::sample::select(vec![
        "/",
        "/",
        "..",
        ".",
        "%2e",
        "%2f",
        "%5c",
        "%00",
        "%25",
        "2e",
        "sub",
        "out.txt",
        "outside",
        "file.txt",
        "secret.txt",
        "etc",
        "passwd",
        "magic",
        "%c0%ae",
        ";",
        "?",
    ]);
    let paths = prop::collection::vec(words, 1..9);
    proptest!(ProptestConfig::with_cases(1000), |(path in paths)| {
        let path = format!("/{}", path.concat());
        let answer = shelf.get(&path);
        let text = String::from_utf8_lossy(&answer.body);
        prop_assert!(answer.status != 200 || text == "open", "{path}: {} {text}", answer.status);
    });
}
