//! Files that change, and files too large to be sent at once.

use std::fs::{self, File};
use std::io::Write;

use rustix::fs::{Advice, fadvise};

use super::{Shelf, get};
use crate::house::eventually;

const LARGE: usize = 48 * 1024 * 1024;

fn large(shelf: &Shelf, name: &str) -> File {
    let file = File::create(shelf.path(name)).unwrap();
    file.set_len(LARGE as u64).unwrap();
    file
}

/// Asks for the large file, lets `change` happen once its head has come, and says how much of the body came.
fn sent_while(change: impl FnOnce(&Shelf, File)) -> (Shelf, usize) {
    let shelf = Shelf::with(&[]);
    let file = large(&shelf, "large.bin");
    let mut client = shelf.client();
    client.send(get("/large.bin", &[]));
    let begin = client.read_exact(1024);
    assert!(begin.starts_with(b"HTTP/1.1 200 OK\r\n"));
    let head = begin
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .unwrap()
        + 4;
    change(&shelf, file);
    let rest = client.rest().len();
    (shelf, begin.len() - head + rest)
}

fn is_broken_off((shelf, sent): (Shelf, usize)) {
    assert!(sent < LARGE, "{sent} bytes came");
    assert_eq!(shelf.house.records(1)[0]["cause"], "file_changed");
}

#[test]
fn an_answer_breaks_off_when_its_file_shrinks_or_is_written_to() {
    is_broken_off(sent_while(|_, file| file.set_len(4096).unwrap()));
    is_broken_off(sent_while(|_, mut file| file.write_all(b"other").unwrap()));
}

#[test]
fn an_answer_goes_on_when_another_file_takes_the_name() {
    let shelf = Shelf::with(&[("new.bin", "new")]);
    large(&shelf, "large.bin");
    let mut client = shelf.client();
    client.send(get("/large.bin", &[]));
    let mut received = client.read_exact(1024);
    fs::rename(shelf.path("new.bin"), shelf.path("large.bin")).unwrap();
    received.extend(client.read_exact(LARGE - 1024));
    let second = shelf.get("/large.bin");
    assert_eq!((second.status, second.text()), (200, "new"));
}

#[test]
fn a_large_file_arrives_whole_over_every_protocol() {
    let shelf = Shelf::with(&[]);
    let text: String = (0..3_000_000_u32)
        .map(|number| char::from(b'a' + (number % 23) as u8))
        .collect();
    let file = File::create(shelf.path("large.txt")).unwrap();
    (&file).write_all(text.as_bytes()).unwrap();
    file.sync_all().unwrap();
    // From here on it has to come from the disk, and is waited for.
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    let request = get("/large.txt", &[]);
    assert!(shelf.house.plain().exchange(&request).text() == text);
    assert!(shelf.house.tls().exchange(&request).text() == text);
    let answer = shelf.house.http2().get("https://localhost/large.txt");
    assert!(answer.text() == text);
}

#[test]
fn a_folder_that_is_gone_is_said_to_be_and_one_that_came_back_is_served() {
    let shelf = Shelf::with(&[("a.txt", "first")]);
    let folder = shelf.path("");
    let away = shelf.folder.path().join("away");
    assert_eq!(shelf.get("/a.txt").text(), "first");
    fs::rename(&folder, &away).unwrap();
    let mut answer = shelf.get("/a.txt");
    eventually("the folder's absence", || {
        answer = shelf.get("/a.txt");
        answer.status == 503
    });
    assert!(answer.text().contains("folder_gone"), "{}", answer.text());
    fs::create_dir(&folder).unwrap();
    fs::write(shelf.path("a.txt"), "second").unwrap();
    eventually("the folder's return", || shelf.get("/a.txt").status == 200);
    assert_eq!(shelf.get("/a.txt").text(), "second");
}
