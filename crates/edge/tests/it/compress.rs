//! Answers that are compressed on their way, and those that must not be.

use std::io::Read;
use std::sync::Mutex;
use std::sync::mpsc;

use edge::config::SiteConfig;
use http::Method;
use testkit::{Backend, Response, Then, backend};

use crate::house::House;
use crate::proxy::before;

fn get(path: &str, accepted: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept-encoding: {accepted}\r\n{more}\r\n")
}

/// The answer's coding, and its text once that is undone.
fn undone(response: &Response) -> (&str, String) {
    let (mut text, body) = (String::new(), &response.body[..]);
    let coding = response.header("content-encoding").unwrap_or("none");
    match coding {
        "br" => brotli::Decompressor::new(body, 4096).read_to_string(&mut text),
        "zstd" => zstd::stream::read::Decoder::new(body)
            .unwrap()
            .read_to_string(&mut text),
        "gzip" => flate2::read::GzDecoder::new(body).read_to_string(&mut text),
        _ => (&mut &*body).read_to_string(&mut text),
    }
    .unwrap();
    (coding, text)
}

#[test]
fn a_long_text_is_compressed_as_the_client_likes_it() {
    let house = House::open();
    let page = "a".repeat(3000);
    for (accepted, coding) in [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("deflate", "none"),
        ("identity;q=0", "none"),
        ("br;q=0", "none"),
    ] {
        for mut client in [house.plain(), house.tls()] {
            let answer = client.exchange(get("/page", accepted, ""));
            assert_eq!(undone(&answer), (coding, page.clone()), "{accepted}");
            assert_eq!(answer.header("vary"), Some("accept-encoding"));
            let is_coded = coding != "none";
            let tag = if is_coded { "W/\"page\"" } else { "\"page\"" };
            assert_eq!(answer.header("etag"), Some(tag));
            assert_eq!(answer.header("content-length").is_none(), is_coded);
        }
    }
    let headers = [("accept-encoding", "br")];
    let answer = house
        .http2()
        .try_request(Method::GET, "https://localhost/page", &headers, "");
    assert_eq!(undone(&answer.unwrap()), ("br", page));
}

#[test]
fn head_says_what_get_would() {
    let house = House::open();
    let mut client = house.plain();
    client.send("HEAD /page HTTP/1.1\r\nhost: a\r\naccept-encoding: gzip\r\n\r\n");
    let head = client.try_response("HEAD").unwrap();
    let whole = client.exchange(get("/page", "gzip", ""));
    for name in [
        "content-encoding",
        "etag",
        "vary",
        "content-length",
        "content-type",
    ] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
    assert_eq!(head.header("content-encoding"), Some("gzip"));
}

#[test]
fn short_answers_and_old_clients_are_left_alone() {
    let house = House::open();
    let short = house.plain().exchange(get("/", "gzip", ""));
    assert_eq!((short.text(), short.header("vary")), ("hello", None));
    let zeros = house.plain().exchange(get("/big/5000", "gzip", ""));
    assert_eq!(zeros.header("content-encoding"), None);
    let old = house
        .plain()
        .exchange("GET /page HTTP/1.0\r\naccept-encoding: gzip\r\n\r\n");
    assert_eq!(old.text().len(), 3000);
}

#[test]
fn compressing_can_be_turned_off() {
    let house = House::with(|plan| plan.config.compress = false);
    let answer = house.plain().exchange(get("/page", "gzip", ""));
    assert_eq!((answer.text().len(), answer.header("vary")), (3000, None));
}

#[test]
fn a_secret_is_not_compressed_for_a_request_that_another_site_may_have_made() {
    let house = House::open();
    let mut client = house.tls();
    let mut coding = |more: &str| {
        let answer = client.exchange(get("/page", "gzip", more));
        undone(&answer).0.to_owned()
    };
    assert_eq!(
        coding("cookie: a=b\r\nsec-fetch-site: cross-site\r\n"),
        "none"
    );
    assert_eq!(coding("cookie: a=b\r\n"), "none");
    assert_eq!(
        coding("cookie: a=b\r\nsec-fetch-site: same-origin\r\n"),
        "gzip"
    );
    assert_eq!(coding("sec-fetch-site: cross-site\r\n"), "gzip");
}

#[test]
fn files_without_a_coded_one_beside_them_are_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let text = "body { margin: 0 }\n".repeat(20_000);
    std::fs::write(folder.path().join("a.css"), &text).unwrap();
    let root = folder.path().to_owned();
    let house = House::with(|plan| {
        plan.config.site = vec![SiteConfig {
            root: Some(root),
            ..SiteConfig::default()
        }];
        plan.web = false;
    });
    let mut client = house.plain();
    let answer = client.exchange(get("/a.css", "br", ""));
    assert!(undone(&answer) == ("br", text.clone()));
    assert!(answer.body.len() < text.len() / 50, "{}", answer.body.len());
    assert_eq!(answer.header("vary"), Some("accept-encoding"));
    let tag = answer.header("etag").unwrap();
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = client.exchange(get("/a.css", "br", &format!("if-none-match: {tag}\r\n")));
    assert_eq!(again.status, 304);
    let part = client.exchange(get("/a.css", "br", "range: bytes=0-1999\r\n"));
    assert_eq!((part.status, part.text()), (206, &text[..2000]));
    assert_eq!(part.header("vary"), Some("accept-encoding"));
    let record = &house.records(1)[0];
    assert_eq!(record["bytes_out"], answer.body.len());
}

/// A server whose answer has this type, begins with `first` and goes on when the test says so.
fn pausing(media: &'static str) -> (Backend, mpsc::Sender<()>) {
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(receiver);
    let server = Backend::start(move |_, stream| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {media}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        backend::write(stream, head + "7\r\nfirst \n\r\n");
        if receiver.lock().unwrap().recv().is_ok() {
            backend::write(stream, "6\r\nsecond\r\n0\r\n\r\n");
        }
        Then::Keep
    });
    (server, sender)
}

#[test]
fn what_a_slow_server_sent_arrives_before_it_goes_on() {
    let (server, go_on) = pausing("text/plain");
    let house = before(&[&server]);
    let mut client = house.plain();
    client.send(get("/", "gzip", ""));
    let mut received = Vec::new();
    let mut text = [0; 7];
    loop {
        received.extend(client.read_exact(1));
        let Some(at) = received.windows(4).position(|part| part == b"\r\n\r\n") else {
            continue;
        };
        // The chunks of the body so far, put together.
        let chunks = &received[at + 4..];
        let Some(line) = chunks.windows(2).position(|part| part == b"\r\n") else {
            continue;
        };
        let body = &chunks[line + 2..];
        if flate2::read::GzDecoder::new(body)
            .read_exact(&mut text)
            .is_ok()
        {
            break;
        }
    }
    assert_eq!(&text, b"first \n");
    go_on.send(()).unwrap();
    let mut end = Vec::new();
    while !end.ends_with(b"0\r\n\r\n") {
        end.extend(client.read_exact(1));
    }
}

#[test]
fn a_stream_of_events_is_never_compressed() {
    let (server, go_on) = pausing("text/event-stream");
    let house = before(&[&server]);
    let mut client = house.plain();
    go_on.send(()).unwrap();
    let answer = client.exchange(get("/", "gzip, br, zstd", ""));
    assert_eq!(undone(&answer), ("none", "first \nsecond".to_owned()));
}

#[test]
fn an_answer_that_breaks_off_does_not_end_well() {
    let server = Backend::start(|_, stream| {
        backend::write(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 9000\r\n\r\nbegin",
        );
        Then::Close
    });
    let house = before(&[&server]);
    let mut client = house.plain();
    client.send(get("/", "gzip", ""));
    let received = client.rest();
    assert!(!received.ends_with(b"0\r\n\r\n"));
    assert_eq!(house.records(1)[0]["cause"], "truncated");
}
