//! Ordinary requests, over every protocol.

use http::Method;
use serde_json::Value;
use testkit::Response;

use crate::house::House;

fn seen(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

#[test]
fn a_request_is_answered_over_http_1_with_and_without_tls_and_over_http_2() {
    let house = House::open();
    let request = "GET /echo?q=1 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for (mut client, secure) in [(house.plain(), false), (house.tls(), true)] {
        for _ in 0..2 {
            let response = client.exchange(request);
            assert_eq!(response.status, 200);
            let seen = seen(&response);
            assert_eq!(seen["target"], "/echo?q=1");
            assert_eq!(seen["secure"], secure);
            assert_eq!(seen["address"], "127.0.0.1");
        }
    }
    let response = house.http2().get("https://localhost/echo?q=1");
    let seen = seen(&response);
    assert_eq!(
        (seen["target"].as_str(), seen["version"].as_str()),
        (Some("/echo?q=1"), Some("HTTP/1.1"))
    );
    assert_eq!(seen["headers"], serde_json::json!([["host", "localhost"]]));
}

#[test]
fn a_body_arrives_whole_whatever_way_it_is_sent() {
    let house = House::open();
    let mut client = house.plain();
    let sized = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello";
    let chunked = "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
    for request in [sized, chunked, sized] {
        assert_eq!(seen(&client.exchange(request))["body"], "hello");
    }
    let long = "x".repeat(1_000_000);
    let response = house
        .http2()
        .try_request(Method::POST, "https://localhost/echo", &[], long.clone())
        .unwrap();
    assert_eq!(seen(&response)["body"], long);
}

#[test]
fn a_client_that_expects_100_is_told_to_continue() {
    let house = House::open();
    let mut client = house.plain();
    client.send(
        "POST /echo HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n",
    );
    assert_eq!(client.response().status, 100);
    client.send("ok");
    assert_eq!(seen(&client.response())["body"], "ok");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let house = House::open();
    let mut client = house.plain();
    client.send("GET /echo?1 HTTP/1.1\r\nhost: a\r\n\r\nGET /echo?2 HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(seen(&client.response())["target"], "/echo?1");
    assert_eq!(seen(&client.response())["target"], "/echo?2");
}

#[test]
fn a_large_answer_arrives_whole() {
    let house = House::open();
    let size = 20_000_000;
    let request = format!("GET /big/{size} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert_eq!(house.plain().exchange(&request).body.len(), size);
    assert_eq!(house.tls().exchange(&request).body.len(), size);
    assert_eq!(
        house
            .http2()
            .get(&format!("https://localhost/big/{size}"))
            .body
            .len(),
        size
    );
}

#[test]
fn every_answer_has_its_own_request_id_which_the_service_knows() {
    let house = House::open();
    let mut client = house.plain();
    let stated =
        "GET /echo HTTP/1.1\r\nhost: a\r\nx-request-id: 000102030405060708090a0b0c0d0e0f\r\n\r\n";
    let (first, second) = (client.exchange(stated), client.exchange(stated));
    assert_eq!(seen(&first)["id"], first.header("x-request-id").unwrap());
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_ne!(
        first.header("x-request-id"),
        Some("000102030405060708090a0b0c0d0e0f")
    );
}

#[test]
fn a_trusted_proxy_tells_the_client_and_a_stranger_does_not() {
    let request = "GET /echo HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 198.51.100.1, 192.0.2.7\r\n\
                   x-forwarded-proto: https\r\nx-request-id: 000102030405060708090a0b0c0d0e0f\r\n\r\n";
    let stranger = House::open();
    let told = seen(&stranger.plain().exchange(request));
    assert_eq!(
        (told["address"].as_str(), told["secure"].as_bool()),
        (Some("127.0.0.1"), Some(false))
    );
    assert_eq!(told["headers"], serde_json::json!([["host", "a"]]));
    let trusting =
        House::with(|plan| plan.config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    let told = seen(&trusting.plain().exchange(request));
    assert_eq!(
        (told["address"].as_str(), told["secure"].as_bool()),
        (Some("192.0.2.7"), Some(true))
    );
    assert_eq!(told["id"], "000102030405060708090a0b0c0d0e0f");
    assert_eq!(told["headers"], serde_json::json!([["host", "a"]]));
}

#[test]
fn security_headers_stand_on_every_answer_and_leave_the_services_own_alone() {
    let house = House::open();
    let mut client = house.plain();
    let plain = client.exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(plain.header("x-frame-options"), Some("SAMEORIGIN"));
    assert_eq!(plain.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        plain.header("referrer-policy"),
        Some("strict-origin-when-cross-origin")
    );
    assert!(
        plain
            .header("permissions-policy")
            .unwrap()
            .contains("camera=()")
    );
    let policy = plain.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let own = client.exchange("GET /own HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(own.header("x-frame-options"), Some("DENY"));
    assert_eq!(
        own.header("content-security-policy"),
        Some("default-src 'none'")
    );
    assert_eq!(own.header("server"), None);
    assert_eq!(own.header("x-content-type-options"), Some("nosniff"));
    let refused = client.exchange("GET / HTTP/1.1\r\nhost: a/b\r\n\r\n");
    assert_eq!(
        (refused.status, refused.header("x-frame-options")),
        (400, Some("SAMEORIGIN"))
    );
}

#[test]
fn a_service_that_panics_costs_one_answer_and_no_connection() {
    let house = House::open();
    let mut client = house.plain();
    let response = client.exchange("GET /panic HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(response.status, 500);
    assert!(
        response
            .text()
            .contains(response.header("x-request-id").unwrap())
    );
    assert_eq!(
        house
            .plain()
            .exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .status,
        200
    );
    let mut http2 = house.http2();
    assert_eq!(http2.get("https://localhost/panic").status, 500);
    assert_eq!(http2.get("https://localhost/").status, 200);
}

#[test]
fn head_and_http_1_0_are_served_as_they_ask() {
    let house = House::open();
    let mut client = house.plain();
    client.send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n");
    let head = client.try_response("HEAD").unwrap();
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("5"))
    );
    let old = client.exchange("GET / HTTP/1.0\r\n\r\n");
    assert_eq!((old.status, old.text()), (200, "hello"));
    assert!(client.is_closed());
}

#[test]
fn plain_http_is_redirected_once_the_server_has_names() {
    let house = House::with(|plan| {
        plan.domains = vec![
            "sekolah.example".to_owned(),
            "www.sekolah.example".to_owned(),
        ];
    });
    let port = house.address("https").port();
    let mut client = house.plain();
    for (host, target, location) in [
        (
            "sekolah.example",
            "/a?b=c",
            format!("https://sekolah.example:{port}/a?b=c"),
        ),
        (
            "WWW.sekolah.example:80",
            "/",
            format!("https://www.sekolah.example:{port}/"),
        ),
        (
            "www.sekolah.example.",
            "/",
            format!("https://www.sekolah.example:{port}/"),
        ),
        (
            "evil.example",
            "/a",
            format!("https://sekolah.example:{port}/a"),
        ),
    ] {
        let response = client.exchange(format!(
            "POST {target} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n\r\n"
        ));
        assert_eq!(
            (response.status, response.header("location")),
            (308, Some(location.as_str())),
            "{host}"
        );
    }
    let challenge = "GET /.well-known/acme-challenge/x HTTP/1.1\r\nhost: sekolah.example\r\n\r\n";
    assert_eq!(client.exchange(challenge).status, 200);
    let secure = house
        .trust()
        .connect(house.address("https"), "sekolah.example");
    let mut secure = secure;
    assert_eq!(
        secure
            .exchange("GET / HTTP/1.1\r\nhost: sekolah.example\r\n\r\n")
            .status,
        200
    );
}

#[test]
fn plain_http_on_the_https_port_is_told_what_to_do() {
    let house = House::open();
    let mut client = testkit::Raw::connect(house.address("https"));
    let response = client.exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert_eq!(response.status, 400);
    assert!(response.text().contains("https://"));
}

#[test]
fn either_listener_can_be_off_but_not_both() {
    use edge::config::Listen;
    let house = House::with(|plan| plan.config.https = Listen::OFF);
    assert_eq!(
        house
            .plain()
            .exchange("GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            .status,
        200
    );
    let house = House::with(|plan| plan.config.http = Listen::OFF);
    assert_eq!(
        house
            .tls()
            .exchange("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .status,
        200
    );
    let directory = tempfile::tempdir().unwrap();
    let error = House::within(directory, |plan| {
        (plan.config.http, plan.config.https) = (Listen::OFF, Listen::OFF);
    });
    assert!(error.err().unwrap().to_string().contains("both off"));
}

#[test]
fn readiness_is_told_when_the_edge_serves_and_when_it_ends() {
    use lifecycle::readiness::State;
    let house = House::open();
    crate::house::eventually("readiness", || house.readiness.is_ready());
    let readiness = house.readiness.clone();
    house.close();
    assert_eq!(
        readiness.report(),
        [("edge", State::Waiting("ended".to_owned()))]
    );
}
