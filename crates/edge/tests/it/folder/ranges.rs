//! Parts of files.

use super::{Shelf, get, request};

const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz";

fn shelf() -> Shelf {
    Shelf::with(&[("a.txt", ALPHABET), ("empty.txt", "")])
}

#[test]
fn one_range_is_sent_with_its_place() {
    let shelf = shelf();
    let mut client = shelf.client();
    for (range, body, place) in [
        ("bytes=0-2", "abc", "bytes 0-2/26"),
        ("bytes=23-", "xyz", "bytes 23-25/26"),
        ("bytes=-2", "yz", "bytes 24-25/26"),
        ("bytes=20-999", "uvwxyz", "bytes 20-25/26"),
        ("bytes=100-,1-1", "b", "bytes 1-1/26"),
    ] {
        let answer = client.exchange(get("/a.txt", &[("range", range)]));
        assert_eq!((answer.status, answer.text()), (206, body), "{range}");
        assert_eq!(answer.header("content-range"), Some(place), "{range}");
        assert_eq!(
            answer.header("content-length"),
            Some(body.len().to_string().as_str())
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
}

#[test]
fn several_ranges_come_between_boundaries() {
    let shelf = shelf();
    let answer = shelf
        .client()
        .exchange(get("/a.txt", &[("range", "bytes=0-1, 24-")]));
    assert_eq!(answer.status, 206);
    let kind = answer.header("content-type").unwrap();
    let boundary = kind
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let part = |range: &str, text: &str| {
        format!(
            "--{boundary}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-range: bytes {range}/26\r\n\r\n{text}\r\n"
        )
    };
    let expected = format!(
        "{}{}--{boundary}--\r\n",
        part("0-1", "ab"),
        part("24-25", "yz")
    );
    assert_eq!(answer.text(), expected);
    assert_eq!(answer.header("content-range"), None);
}

#[test]
fn what_lies_beyond_is_said_and_what_is_no_range_is_ignored() {
    let shelf = shelf();
    let mut client = shelf.client();
    for (path, range, length) in [
        ("/a.txt", "bytes=26-", "bytes */26"),
        ("/empty.txt", "bytes=0-", "bytes */0"),
    ] {
        let answer = client.exchange(get(path, &[("range", range)]));
        assert_eq!(
            (answer.status, answer.header("content-range")),
            (416, Some(length))
        );
    }
    let many = format!("bytes={}", vec!["0-0"; 17].join(","));
    for range in ["lines=0-1", "bytes=5-1", "bytes=0-,0-", &many] {
        let answer = client.exchange(get("/a.txt", &[("range", range)]));
        assert_eq!((answer.status, answer.text()), (200, ALPHABET), "{range}");
    }
    client.send(request("HEAD", "/a.txt", &[("range", "bytes=0-1")]));
    assert_eq!(client.try_response("HEAD").unwrap().status, 200);
}

#[test]
fn a_range_is_sent_only_of_the_file_that_the_client_began_with() {
    let shelf = shelf();
    let mut client = shelf.client();
    let whole = client.exchange(get("/a.txt", &[]));
    let (tag, date) = (
        whole.header("etag").unwrap(),
        whole.header("last-modified").unwrap(),
    );
    let mut ask = |held: &str| {
        client
            .exchange(get("/a.txt", &[("range", "bytes=0-1"), ("if-range", held)]))
            .status
    };
    assert_eq!((ask(tag), ask(date)), (206, 206));
    assert_eq!((ask("\"other\""), ask(&format!("W/{tag}"))), (200, 200));
    assert_eq!(ask("Sun, 06 Nov 1994 08:49:37 GMT"), 200);
}
