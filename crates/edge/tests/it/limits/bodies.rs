//! Bodies that are too large.

use edge::config::ByteSize;
use http::Method;

use crate::house::House;

fn small() -> House {
    House::with(|plan| plan.config.request.body = ByteSize::kib(64))
}

#[test]
fn a_body_declared_too_large_is_refused_before_it_is_sent() {
    let house = House::open();
    let mut client = house.plain();
    let response = client.exchange("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10485761\r\nexpect: 100-continue\r\n\r\n");
    assert_eq!(response.status, 413);
    assert!(client.is_closed());
    let record = &house.records(1)[0];
    assert_eq!(
        (record["cause"].as_str(), record["bytes_in"].as_u64()),
        (Some("too_long:body"), Some(0))
    );
}

#[test]
fn a_client_that_sends_on_regardless_still_reads_the_refusal() {
    let house = House::open();
    for mut client in [house.plain(), house.tls()] {
        client.send("POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000000\r\n\r\n");
        client.send(vec![b'x'; 4_000_000]);
        assert_eq!(client.response().status, 413);
    }
}

#[test]
fn a_body_that_turns_out_too_large_is_refused_on_the_way() {
    let house = small();
    let mut client = house.plain();
    client.send("POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    client.send(&chunk).send(&chunk).send(&chunk);
    let response = client.response();
    assert_eq!(response.status, 413);
    assert!(response.text().contains("larger than this server takes"));
    assert!(client.is_closed());
    let response = house
        .http2()
        .try_request(
            Method::POST,
            "https://localhost/echo",
            &[],
            "x".repeat(100_000),
        )
        .unwrap();
    assert_eq!(response.status, 413);
}

#[test]
fn a_body_of_the_largest_size_is_taken() {
    let house = small();
    let mut client = house.plain();
    for _ in 0..2 {
        client
            .send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 65536\r\n\r\n")
            .send("x".repeat(65536));
        assert_eq!(client.response().status, 200);
    }
    assert_eq!(house.records(2)[1]["bytes_in"], 65536);
}

#[test]
fn a_body_of_a_gigabyte_is_never_held_in_memory() {
    let house = House::with(|plan| plan.config.request.body = ByteSize::mib(2048));
    let mut client = house.plain();
    client.send("POST /discard HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n");
    let part = vec![b'x'; 1_000_000];
    for _ in 0..1000 {
        client.send(&part);
    }
    assert_eq!(client.response().text(), "1000000000");
    assert!(peak_mib() < 150, "{} MiB", peak_mib());
}

#[test]
fn an_answer_that_leaves_the_body_unread_is_still_read() {
    let house = House::open();
    let mut client = house.plain();
    client
        .send("POST /unread HTTP/1.1\r\nhost: a\r\ncontent-length: 5000000\r\n\r\n")
        .send(vec![b'x'; 5_000_000]);
    assert_eq!(client.response().text(), "unread");
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_body_is_noted_so() {
    let house = House::open();
    let mut client = house.plain();
    client.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhello");
    drop(client);
    let record = &house.records(1)[0];
    assert_eq!(
        (record["status"].as_u64(), record["cause"].as_str()),
        (Some(499), Some("client_left"))
    );
    assert_eq!(record["bytes_in"], 5);
}

/// The most memory this process ever had.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
