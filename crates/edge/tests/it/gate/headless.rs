//! Answers to heads that hyper can't read: they are the edge's own, whatever hyper would have said.

use serde_json::Value;

use crate::house::House;

const UNREADABLE: &str = "GET / HTTP/1.1\r\nhost: a\r\nno colon\r\n\r\n";

/// Heads with the status that they are answered with, and why.
fn heads() -> [(String, u16, &'static str); 3] {
    let long = "x".repeat(70_000);
    [
        (UNREADABLE.to_owned(), 400, "bad_request:head"),
        (
            format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"),
            414,
            "too_long:target",
        ),
        (
            format!("GET / HTTP/1.1\r\nhost: a\r\ncookie: {long}\r\n\r\n"),
            431,
            "too_long:head",
        ),
    ]
}

#[test]
fn they_are_whole_answers_with_and_without_tls() {
    let house = House::open();
    let mut count = 0;
    for (head, status, cause) in heads() {
        for mut client in [house.plain(), house.tls()] {
            let answer = client.exchange(&head);
            assert_eq!(answer.status, status, "{cause}");
            assert!(client.is_closed());
            let problem: Value = serde_json::from_slice(&answer.body).unwrap();
            count += 1;
            let record = &house.records(count)[count - 1];
            assert_eq!(
                (&problem["cause"], &record["cause"]),
                (&cause.into(), &cause.into())
            );
            assert_eq!(problem["request_id"], record["id"]);
            assert_eq!(answer.header("x-request-id"), record["id"].as_str());
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
        let metric = format!("edge_refused_total{{cause=\"{cause}\"}}");
        assert_eq!(house.metric(&metric), 2);
    }
}

#[test]
fn they_come_after_the_answers_that_were_under_way() {
    let house = House::open();
    for mut client in [house.plain(), house.tls()] {
        client.send(format!(
            "GET /big/5000000 HTTP/1.1\r\nhost: localhost\r\n\r\n{UNREADABLE}"
        ));
        let first = client.response();
        assert_eq!((first.status, first.body.len()), (200, 5_000_000));
        let second = client.response();
        assert_eq!(second.status, 400);
        assert!(second.header("x-request-id").is_some());
        assert!(client.is_closed());
    }
}

#[test]
fn a_reader_gets_a_page_and_head_no_body() {
    let house = House::open();
    let page = UNREADABLE.replace(
        "no colon",
        "Accept: text/html\r\naccept-language: en\r\nno colon",
    );
    let answer = house.plain().exchange(page);
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        answer.text().contains("<html lang=\"en\">"),
        "{}",
        answer.text()
    );
    let mut client = house.plain();
    client.send(UNREADABLE.replace("GET", "HEAD"));
    assert_eq!(client.try_response("HEAD").unwrap().status, 400);
    assert!(client.is_closed());
}

#[test]
fn whoever_looks_after_the_server_is_told_why() {
    let house = House::with(|plan| {
        plan.config.explain_to = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let answer = house.plain().exchange(UNREADABLE);
    assert_eq!(answer.header("x-pendopo-why"), Some("bad_request:head"));
    let house = House::open();
    let answer = house.plain().exchange(UNREADABLE);
    assert_eq!(answer.header("x-pendopo-why"), None);
}

#[test]
fn a_file_that_holds_such_an_answer_is_sent_as_it_is() {
    let text = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\
                date: Sat, 21 Nov 2026 00:00:00 GMT\r\n\r\n";
    let server = testkit::Backend::saying(text);
    let house = crate::proxy::before(&[&server]);
    let mut client = house.plain();
    for _ in 0..2 {
        assert_eq!(client.exchange(crate::proxy::GET).text(), text);
    }
}
