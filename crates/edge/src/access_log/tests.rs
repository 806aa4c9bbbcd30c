//! What the queue does when nobody empties it, and what the log says of it.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use http::Version;
use jiff::Timestamp;
use lifecycle::{Tasks, shutdown};
use prometheus_client::registry::Registry;
use traffic::{Line, RequestId};

use super::*;
use crate::metrics::Metrics;

fn note(queue: &Queue, target: &[u8]) {
    queue.push(&Note {
        time: Timestamp::UNIX_EPOCH,
        id: RequestId(1),
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        is_secure: false,
        version: Version::HTTP_11,
        method: b"GET",
        host: b"a",
        target,
        status: 200,
        bytes_in: 0,
        bytes_out: 0,
        duration: Duration::ZERO,
        attempts: 0,
        site: b"",
        upstream: b"",
        cause: "",
        limit: b"",
        limit_ms: 0,
        agent: b"",
        referer: b"",
    });
}

#[test]
fn a_full_queue_drops_records_and_the_next_line_says_how_many() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Metrics::register(&mut Registry::default()).log;
    let (config, company) = (LogConfig::default(), Company::default());
    let log = AccessLog::open(directory.path(), &config, 1, &metrics, company).unwrap();
    let (writer, mut queues) = log.split();
    let queue = queues.remove(0);
    for _ in 0..queue::MOST_NOTES + 7 {
        note(&queue, b"/before");
    }
    let (trigger, shutdown) = shutdown::channel();
    let mut tasks = Tasks::new(trigger, shutdown);
    tasks.spawn("log", |shutdown| writer.run(shutdown)).unwrap();
    while metrics.dropped.get() == 0 {
        std::thread::yield_now();
    }
    note(&queue, b"/after");
    drop(queue);
    tasks.join().unwrap();
    let text = fs::read(directory.path().join("access.log")).unwrap();
    let lines: Vec<_> = text
        .trim_ascii_end()
        .split(|byte| *byte == b'\n')
        .map(|line| Line::parse(line).unwrap())
        .collect();
    assert_eq!(lines.len(), queue::MOST_NOTES + 1);
    assert!(lines.iter().zip(1..).all(|(line, seq)| line.seq == seq));
    let told: Vec<_> = lines
        .iter()
        .filter(|line| line.dropped > 0)
        .map(|line| (line.record.target.clone(), line.dropped))
        .collect();
    assert_eq!(told, [("/after".into(), 7)]);
}
