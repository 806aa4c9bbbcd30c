//! Which requests a browser may have sent for another site.

use super::*;
use traffic::RequestId;

fn check(method: &Method, secure: bool, headers: &[(&'static str, &'static str)], allowed: bool) {
    let client = Client {
        address: [192, 0, 2, 1].into(),
        secure,
        request_id: RequestId(1),
    };
    let mut request = Request::builder().method(method).uri("/user");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(()).unwrap();
    assert_eq!(
        super::check(&request, &client).is_ok(),
        allowed,
        "{method} {headers:?}"
    );
}

const HERE: (&str, &str) = ("host", "sekolah.example");

#[test]
fn a_look_is_always_allowed() {
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        check(
            &method,
            true,
            &[
                HERE,
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://evil.example"),
            ],
            true,
        );
    }
}

#[test]
fn a_change_is_allowed_as_the_browser_says() {
    for method in [Method::POST, Method::PATCH, Method::DELETE, Method::PUT] {
        check(
            &method,
            true,
            &[HERE, ("sec-fetch-site", "same-origin")],
            true,
        );
        check(&method, true, &[HERE, ("sec-fetch-site", "none")], true);
        check(
            &method,
            true,
            &[HERE, ("sec-fetch-site", "same-site")],
            false,
        );
        check(
            &method,
            true,
            &[HERE, ("sec-fetch-site", "cross-site")],
            false,
        );
        check(&method, true, &[HERE, ("sec-fetch-site", "")], false);
    }
    let both = [
        HERE,
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://sekolah.example"),
    ];
    check(&Method::POST, true, &both, false);
}

#[test]
fn without_that_the_origin_must_be_this_server() {
    let from = |origin: &'static str| [HERE, ("origin", origin)];
    for own in ["https://sekolah.example", "https://SEKOLAH.example:443"] {
        check(&Method::POST, true, &from(own), true);
    }
    for foreign in [
        "https://evil.example",
        "https://sekolah.example:8443",
        "https://sekolah.example.evil.example",
        "http://sekolah.example",
        "null",
        "sekolah.example",
        "",
        "https://",
        "file://",
    ] {
        check(&Method::POST, true, &from(foreign), false);
    }
    check(
        &Method::POST,
        true,
        &[("origin", "https://sekolah.example")],
        false,
    );
}

#[test]
fn over_plain_http_the_port_counts_as_well() {
    let here = ("host", "127.0.0.1:8080");
    check(
        &Method::POST,
        false,
        &[here, ("origin", "http://127.0.0.1:8080")],
        true,
    );
    check(
        &Method::POST,
        false,
        &[here, ("origin", "http://127.0.0.1")],
        false,
    );
    check(
        &Method::POST,
        false,
        &[here, ("origin", "http://localhost:8080")],
        false,
    );
}

#[test]
fn neither_browsers_word_nor_origin_is_no_browser_and_a_token_is_added_by_none() {
    check(&Method::POST, true, &[HERE], true);
    check(
        &Method::POST,
        true,
        &[
            HERE,
            ("authorization", "Bearer x"),
            ("origin", "https://evil.example"),
        ],
        true,
    );
}
