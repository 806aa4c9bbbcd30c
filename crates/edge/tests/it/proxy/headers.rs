//! Whom the target is told about, and what it is not told.

use edge::config::TrustedHeader;
use testkit::backend::{self, Then};
use testkit::{Asked, Backend};

use super::{app, before, everything_to};
use crate::house::House;

/// Answers with the head of the request.
fn echo() -> Backend {
    Backend::start(|asked: &Asked, stream| {
        backend::write(stream, backend::text(&asked.head));
        Then::Keep
    })
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<_> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    lines[1..].sort();
    lines
}

#[test]
fn the_target_is_told_who_asks_and_nothing_that_the_client_made_up() {
    let (backend, request) = (
        echo(),
        "GET /a?b HTTP/1.1\r\nhost: shop.example:8080\r\nx-forwarded-for: 1.2.3.4\r\nx-real-ip: 1.2.3.4\r\n\
         x-forwarded-proto: https\r\nx-forwarded-host: evil\r\nforwarded: for=1.2.3.4\r\nproxy: x\r\nx_real_ip: 1\r\n\
         connection: keep-alive, host, x-own, x-forwarded-for\r\nx-own: 1\r\nte: trailers\r\nauthorization: Basic x\r\n\
         cookie: a=b\r\nexpect: 100-continue\r\nx-request-id: 000102030405060708090a0b0c0d0e0f\r\n\r\n",
    );
    let house = before(&[&backend]);
    let mut client = house.plain();
    let response = client.exchange(request);
    let id = response.header("x-request-id").unwrap();
    let expected = format!(
        "GET /a?b HTTP/1.1\nauthorization: Basic x\ncookie: a=b\n\
         forwarded: for=127.0.0.1;host=\"shop.example:8080\";proto=http\nhost: shop.example:8080\n\
         x-forwarded-for: 127.0.0.1\nx-forwarded-host: shop.example:8080\nx-forwarded-proto: http\n\
         x-real-ip: 127.0.0.1\nx-request-id: {id}"
    );
    assert_eq!(lines(response.text()).join("\n"), expected);
}

#[test]
fn what_a_trusted_proxy_says_goes_before_what_we_know() {
    let backend = echo();
    let urls = [backend.url()];
    let house = House::with(|plan| {
        everything_to(app(&urls))(plan);
        plan.config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let request = "GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: https\r\n\
                   x-forwarded-host: shop.example\r\nforwarded: for=192.0.2.7\r\n\r\n";
    let told = lines(house.plain().exchange(request).text()).join("\n");
    for line in [
        "x-forwarded-for: 192.0.2.7, 127.0.0.1",
        "x-real-ip: 192.0.2.7",
        "x-forwarded-proto: https",
        "x-forwarded-host: shop.example",
        "forwarded: for=192.0.2.7, for=127.0.0.1;host=a;proto=https",
    ] {
        assert!(told.contains(line), "no `{line}` in:\n{told}");
    }
}

#[test]
fn of_two_headers_the_one_that_is_trusted_names_the_client() {
    let backend = echo();
    let urls = [backend.url()];
    let told = |trusted_header: TrustedHeader, forwarded: &str| {
        let house = House::with(|plan| {
            everything_to(app(&urls))(plan);
            plan.config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
            plan.config.trusted_header = trusted_header;
        });
        let request = format!(
            "GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 192.0.2.7\r\nx-forwarded-proto: http\r\n\
             forwarded: {forwarded}\r\n\r\n"
        );
        lines(house.plain().exchange(request).text()).join("\n")
    };
    let check = |told: &str, expected: &[&str]| {
        for line in expected {
            assert!(told.contains(line), "no `{line}` in:\n{told}");
        }
    };
    let rest = "for=127.0.0.1;host=a;proto=";
    let good = "for=\"[2001:db8::7]:4711\";proto=https";
    check(
        &told(TrustedHeader::Forwarded, good),
        &[
            "x-real-ip: 2001:db8::7",
            "x-forwarded-proto: https",
            &format!("forwarded: {good}, {rest}https"),
        ],
    );
    check(
        &told(TrustedHeader::XForwardedFor, good),
        &["x-real-ip: 192.0.2.7", "x-forwarded-proto: http"],
    );
    let open = "for=\"192.0.2.9";
    check(
        &told(TrustedHeader::Forwarded, open),
        &["x-real-ip: 127.0.0.1", &format!("forwarded: {rest}http\n")],
    );
}

#[test]
fn a_request_without_a_host_and_one_over_http_2_reach_the_target_as_http_1_1() {
    let backend = echo();
    let house = before(&[&backend]);
    let old = house.plain().exchange("GET / HTTP/1.0\r\n\r\n");
    let first = lines(old.text());
    assert_eq!(first[0], "GET / HTTP/1.1");
    assert!(
        first.contains(&format!("host: {}", backend.address())),
        "{first:?}"
    );
    let new = house.http2().get("https://localhost/x");
    let first = lines(new.text());
    assert_eq!(first[0], "GET /x HTTP/1.1");
    assert!(first.contains(&"host: localhost".to_owned()), "{first:?}");
    assert!(
        first.contains(&"x-forwarded-proto: https".to_owned()),
        "{first:?}"
    );
}

#[test]
fn an_answer_keeps_its_headers_but_for_those_of_its_connection() {
    let backend = Backend::start(|_, stream| {
        backend::write(
            stream,
            "HTTP/1.1 203 Fine\r\nserver: x\r\ncontent-type: text/plain\r\nset-cookie: a\r\nset-cookie: b\r\n\
             connection: x-own\r\nx-own: 1\r\nkeep-alive: timeout=9\r\ncontent-length: 2\r\n\r\nok",
        );
        Then::Keep
    });
    let response = before(&[&backend]).plain().exchange(super::GET);
    assert_eq!((response.status, response.text()), (203, "ok"));
    let cookies = response
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    assert_eq!(cookies.count(), 2);
    for name in [
        "x-own",
        "keep-alive",
        "connection",
        "server",
        "content-security-policy",
    ] {
        assert_eq!(response.header(name), None, "{name}");
    }
    assert_eq!(response.header("x-content-type-options"), Some("nosniff"));
}
