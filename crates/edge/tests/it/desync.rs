//! Requests made to be read differently by two servers, from the corpus of `http_desync_guardian`: what is refused, and
//! that what goes on has one reading, which is the edge's own.

pub(crate) mod corpus;

use std::sync::{Arc, Mutex};

use http_desync_guardian::request_analyzer::HttpRequestData;
use http_desync_guardian::{ClassificationReason, RequestSafetyTier};
use serde_json::Value;
use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use crate::house::House;
use crate::proxy::before;
use corpus::Case;

/// An edge before a server that writes down what it is asked.
struct Stage {
    house: House,
    asked: Arc<Mutex<Vec<Asked>>>,
    _backend: Backend,
    /// How many records were read already.
    read: usize,
}

/// What came of one case.
struct Outcome {
    records: Vec<Value>,
    asked: Vec<Asked>,
}

impl Stage {
    fn new() -> Self {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let written = Arc::clone(&asked);
        let backend = Backend::start(move |asked: &Asked, stream| {
            written.lock().unwrap().push(asked.clone());
            // Without a body, so that the answer to `HEAD` is framed like the others.
            backend::write(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            Then::Keep
        });
        Self {
            house: before(&[&backend]),
            asked,
            _backend: backend,
            read: 0,
        }
    }

    /// Sends the request on a connection of its own, and waits until all that comes of it has come.
    fn play(&mut self, case: &Case) -> Outcome {
        let mut client = self.house.plain();
        client.send(case.bytes());
        if case.breaks_off() {
            client.finish();
        }
        client.rest();
        // One thread serves all connections, so what was begun before this is written down before this.
        let mark = format!("/mark/{}", self.read);
        let request = format!("GET {mark} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.house.plain().exchange(request);
        let mut wanted = self.read + 1;
        let records = loop {
            let records = self.house.records(wanted);
            match records[self.read..]
                .iter()
                .position(|record| record["target"] == mark.as_str())
            {
                Some(at) => break records[self.read..self.read + at].to_vec(),
                None => wanted = records.len() + 1,
            }
        };
        self.read += records.len() + 1;
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.retain(|asked| asked.target() != mark);
        Outcome { records, asked }
    }
}

impl Outcome {
    /// What the edge meant by what it handed on whole, in the order of its records.
    fn meant(&self) -> Vec<(String, String, u64)> {
        let handed_on = self
            .records
            .iter()
            .filter(|record| record.get("upstream").is_some() && record.get("cause").is_none());
        let word = |record: &Value, key: &str| record[key].as_str().unwrap().to_owned();
        handed_on
            .map(|record| {
                (
                    word(record, "method"),
                    word(record, "target"),
                    record["bytes_in"].as_u64().unwrap(),
                )
            })
            .collect()
    }

    /// What the server understood.
    fn understood(&self) -> Vec<(String, String, u64)> {
        let method = |asked: &Asked| asked.head.split(' ').next().unwrap().to_owned();
        self.asked
            .iter()
            .map(|asked| {
                (
                    method(asked),
                    asked.target().to_owned(),
                    asked.body.len() as u64,
                )
            })
            .collect()
    }

    fn line(&self, case: &Case) -> String {
        let verdicts = self.records.iter().map(|record| {
            let cause = record["cause"].as_str().unwrap_or("handed on");
            format!("{} {cause}", record["status"])
        });
        let verdicts: Vec<_> = verdicts.collect();
        format!(
            "{} | {} {} | {}",
            case.name,
            case.tier,
            case.reason,
            verdicts.join(", ")
        )
    }
}

/// The crate's own judgement of what the server was sent. A body on a method that seldom has one is the only thing
/// that it may find odd: such a request goes over a connection of its own, which says so.
fn is_plain(asked: &Asked) -> bool {
    let verdict = HttpRequestData::analyze_raw_request(&asked.head_bytes);
    let is_body_odd = matches!(
        verdict.reason,
        ClassificationReason::UndefinedContentLengthSemantics
            | ClassificationReason::UndefinedTransferEncodingSemantics
    );
    verdict.tier == RequestSafetyTier::Compliant
        || is_body_odd && asked.header("connection") == Some("close")
}

#[test]
fn of_requests_with_two_readings_none_or_one_reaches_the_target() {
    let mut stage = Stage::new();
    let cases = corpus::read();
    assert!(cases.len() >= 159, "only {} cases", cases.len());
    let mut lines = Vec::new();
    for case in &cases {
        let outcome = stage.play(case);
        assert_eq!(outcome.understood(), outcome.meant(), "{}", case.name);
        for asked in &outcome.asked {
            assert!(is_plain(asked), "{}: {}", case.name, asked.head);
        }
        if case.tier == "Severe" {
            let status = outcome.records[0]["status"].as_u64().unwrap();
            assert!(outcome.asked.is_empty(), "{} was handed on", case.name);
            assert!((400..500).contains(&status), "{}: {status}", case.name);
        }
        lines.push(outcome.line(case));
    }
    insta::assert_snapshot!(lines.join("\n"));
}
