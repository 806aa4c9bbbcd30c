//! How a refusal is told, and those that depend on the connection.

use serde_json::Value;

use super::{answer_and_close, show};
use crate::house::House;

#[test]
fn an_http_2_preface_on_the_plain_listener_is_closed() {
    let house = House::open();
    let mut client = house.plain();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let rest = client.rest();
    assert!(!rest.starts_with(b"HTTP/1.1 2"), "{}", show(&rest));
}

#[test]
fn a_refusal_is_a_page_for_browsers_and_problem_json_for_others() {
    let house = House::open();
    let ask = |lines: &str| {
        let request = format!("GET /a\\b HTTP/1.1\r\nhost: a\r\n{lines}\r\n\r\n");
        answer_and_close(&house, request.as_bytes()).unwrap()
    };
    let problem = ask("accept: application/json");
    assert_eq!(
        problem.header("content-type"),
        Some("application/problem+json")
    );
    let told: Value = serde_json::from_slice(&problem.body).unwrap();
    assert_eq!(told["status"], 400);
    assert_eq!(
        (told["code"].as_str(), told["cause"].as_str()),
        (Some("malformed"), Some("bad_request:target_character"))
    );
    assert_eq!(told["request_id"].as_str(), problem.header("x-request-id"));
    assert!(told["detail"].as_str().unwrap().contains("percent-encoded"));
    for (language, word) in [("id", "tidak terbaca"), ("en", "can't be read")] {
        let page = ask(&format!(
            "accept: text/html,*/*;q=0.8\r\naccept-language: {language}"
        ));
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        for part in [
            word,
            "percent-encoded",
            page.header("x-request-id").unwrap(),
        ] {
            assert!(page.text().contains(part), "{part} in {}", page.text());
        }
    }
}

#[test]
fn a_method_that_is_not_taken_is_told_with_those_that_are() {
    let house = House::open();
    let response = answer_and_close(&house, b"TRACE / HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    assert!(response.header("allow").unwrap().contains("GET"));
}

#[test]
fn a_host_that_the_certificate_was_not_shown_for_is_misdirected() {
    let house = House::open();
    let mut client = house.tls();
    for (host, status) in [
        ("localhost", 200),
        ("LOCALHOST:8443", 200),
        ("localhost.:8443", 200),
        ("127.0.0.1", 200),
        ("[::1]:443", 200),
    ] {
        assert_eq!(
            client
                .exchange(format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n"))
                .status,
            status,
            "{host}"
        );
    }
    let response = client.exchange("GET / HTTP/1.1\r\nhost: other.example\r\n\r\n");
    assert_eq!(response.status, 421);
    let absolute = house
        .tls()
        .exchange("GET https://other.example/ HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(absolute.status, 421);
    let rootless = house.tls().exchange("GET / HTTP/1.1\r\nhost: .\r\n\r\n");
    assert_eq!(rootless.status, 421);
    let mut nameless = house.trust().connect(house.address("https"), "127.0.0.1");
    assert_eq!(
        nameless
            .exchange("GET / HTTP/1.1\r\nhost: other.example\r\n\r\n")
            .status,
        200
    );
}
