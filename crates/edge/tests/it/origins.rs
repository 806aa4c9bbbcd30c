//! Odd requests that the edge takes, and a corpus of those with two readings, at five servers of others: none may see
//! another request, or another number of them, than the edge meant.

mod odd;
mod server;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use crate::desync::corpus;
use crate::house::{House, eventually};
use crate::proxy::{app, before, everything_to};
pub(crate) use server::program;
use server::{Knows, Server};

/// A request as a server understood it. Headers have names in lower case; what was sent in several lines is one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    method: String,
    target: String,
    body: String,
    headers: BTreeMap<String, Vec<String>>,
}

/// What differs from connection to connection, or from request to request.
const PASSING: [&str; 4] = [
    "connection",
    "content-length",
    "transfer-encoding",
    "x-request-id",
];

impl Seen {
    fn new<'a>(line: [&str; 2], body: &[u8], headers: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut seen = Self {
            method: line[0].to_owned(),
            target: line[1].to_owned(),
            body: latin(body),
            headers: BTreeMap::new(),
        };
        for header in headers {
            let header = latin(header);
            let (name, value) = header.split_once(':').expect("a colon in each header");
            let name = name.to_ascii_lowercase();
            if !PASSING.contains(&name.as_str()) {
                let values = value.split(',').map(|part| part.trim().to_owned());
                seen.headers.entry(name).or_default().extend(values);
            }
        }
        seen
    }

    /// A line that a server wrote: method, target, body and headers, with the sign for "unit" between them.
    pub(crate) fn read(line: &[u8]) -> Self {
        let mut fields = line.split(|&byte| byte == 0x1f);
        let mut next = || fields.next().unwrap_or_default();
        let (method, target, body) = (latin(next()), latin(next()), next());
        Self::new([&method, &target], body, fields)
    }

    /// Only what a server could have written that knows no more.
    fn known_to(mut self, knows: Knows) -> Self {
        // By ASGI an empty query is none.
        self.target = self.target.trim_end_matches('?').to_owned();
        match knows {
            Knows::All => {}
            Knows::Heads => self.body.clear(),
            Knows::Named(names) => {
                let headers = &mut self.headers;
                headers
                    .retain(|name, values| names.contains(&name.as_str()) && !values[0].is_empty());
                // It shows the first line only.
                for list in headers.values_mut() {
                    list.truncate(1);
                }
            }
        }
        self
    }
}

impl From<&Asked> for Seen {
    fn from(asked: &Asked) -> Self {
        let mut words = asked.head.split(' ');
        let line = [words.next().unwrap(), words.next().unwrap()];
        let lines = asked.head_bytes.split(|&byte| byte == b'\n').skip(1);
        let headers = lines
            .map(<[u8]>::trim_ascii_end)
            .filter(|line| !line.is_empty());
        Self::new(line, &asked.body, headers)
    }
}

/// Each byte as the character of that number.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// Comes after all others.
const END: &str = "GET /end HTTP/1.1\r\nhost: a\r\n\r\n";

/// Requests that are odd, and those of the corpus, most of which the edge refuses.
fn requests() -> Vec<Vec<u8>> {
    let cases = corpus::read().into_iter();
    let whole = cases.filter(|case| !case.breaks_off());
    let whole = whole.map(|case| case.bytes());
    odd::requests().into_iter().chain(whole).collect()
}

/// Sends every request, each on a connection of its own that an unreadable one ends.
fn play(house: &House) {
    for bytes in requests() {
        let mut client = house.plain();
        client.send(&bytes).send(b"\0\r\n\r\n").rest();
    }
}

/// What the edge meant, in its own access log and at a server that takes everything; and the methods and targets of
/// those that it broke off in the middle of their bodies.
fn meant() -> (Vec<Seen>, Vec<(String, String)>) {
    let asked: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let written = Arc::clone(&asked);
    let backend = Backend::start(move |asked: &Asked, stream| {
        written.lock().unwrap().push(Seen::from(asked));
        backend::write(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        Then::Keep
    });
    let house = before(&[&backend]);
    play(&house);
    house.plain().exchange(END);
    let meant: Vec<_> = std::mem::take(&mut *asked.lock().unwrap());
    let mut records = Vec::new();
    eventually("the last record", || {
        records = house.records(meant.len());
        records.iter().any(|record| record["target"] == "/end")
    });
    let handed_on = records
        .iter()
        .filter(|record| record.get("upstream").is_some());
    let (broken, whole): (Vec<_>, Vec<_>) =
        handed_on.partition(|record| record.get("cause").is_some());
    let text = |record: &Value, key: &str| record[key].as_str().unwrap().to_owned();
    let logged = whole.into_iter().map(|record| {
        let bytes_in = record["bytes_in"].as_u64();
        (text(record, "method"), text(record, "target"), bytes_in)
    });
    let expected = meant.iter().map(|seen| {
        // The log cuts what is long.
        let target = seen.target[..seen.target.len().min(2048)].to_owned();
        (seen.method.clone(), target, Some(seen.body.len() as u64))
    });
    for (logged, expected) in logged.clone().zip(expected) {
        assert_eq!(logged, expected);
    }
    assert_eq!(logged.count(), meant.len());
    assert!(meant.len() > odd::requests().len(), "some were refused");
    let broken = broken.into_iter();
    let broken = broken.map(|record| (text(record, "method"), text(record, "target")));
    (meant, broken.collect())
}

fn check(server: &Server) {
    let house = House::with(everything_to(app(&[server.url()])));
    play(&house);
    // What comes last shows that nothing else is on its way.
    assert_eq!(house.plain().exchange(END).status, 200);
    let mut seen = Vec::new();
    eventually("the last request", || {
        seen = server.seen();
        seen.last().is_some_and(|last| last.target == "/end")
    });
    let knows = server.knows;
    let known = |all: Vec<Seen>| -> Vec<Seen> {
        all.into_iter().map(|seen| seen.known_to(knows)).collect()
    };
    let (meant, broken) = meant();
    // Of what breaks off a server may show the beginning, or that it did.
    let is_broken = |seen: &Seen| {
        let is_one =
            |(method, target): &(String, String)| seen.method == *method && seen.target == *target;
        seen.method == "unreadable" || broken.iter().any(is_one)
    };
    let (mut seen, mut skipped) = (known(seen).into_iter(), 0);
    for meant in known(meant) {
        let mut next = seen.next();
        while next
            .as_ref()
            .is_some_and(|seen| *seen != meant && is_broken(seen))
        {
            (next, skipped) = (seen.next(), skipped + 1);
        }
        assert_eq!(next, Some(meant));
    }
    assert!(seen.next().is_none() && skipped <= broken.len());
    server.has_refused_nothing_but(&broken);
}

#[test]
fn gunicorn_sees_what_the_edge_meant() {
    check(&Server::gunicorn());
}

#[test]
fn uvicorn_sees_what_the_edge_meant() {
    check(&Server::uvicorn());
}

#[test]
fn node_sees_what_the_edge_meant() {
    check(&Server::node());
}

#[test]
fn nginx_sees_what_the_edge_meant() {
    check(&Server::nginx());
}

#[test]
fn apache_sees_what_the_edge_meant() {
    check(&Server::apache());
}
