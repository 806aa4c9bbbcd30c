//! What is taken out of requests, by name and by nomination.

use super::*;

fn made_plain(head: &mut Parts) -> u64 {
    let (present, _) = look(&head.headers);
    plain(head, present)
}

/// The names left after a request with these header lines was made plain.
fn left(version: Version, lines: &[(&str, &str)]) -> Vec<String> {
    let mut request = http::Request::builder().version(version).uri("/x");
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    made_plain(&mut head);
    head.headers
        .iter()
        .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
        .collect()
}

#[test]
fn headers_of_this_connection_and_claims_that_only_the_edge_may_make_are_dropped() {
    let lines = [
        ("host", "a.example"),
        (
            "connection",
            "keep-alive, x-private, host, authorization, sec-fetch-site",
        ),
        ("keep-alive", "timeout=5"),
        ("te", "trailers"),
        ("upgrade", "h2c"),
        ("proxy", "http://evil.example"),
        ("x-forwarded-for", "192.0.2.1"),
        ("x_forwarded_for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("x-real-ip", "192.0.2.1"),
        ("x-private", "1"),
        ("authorization", "Bearer x"),
        ("sec-fetch-site", "same-origin"),
        ("x-kept", "1"),
    ];
    let kept = [
        "host=a.example",
        "authorization=Bearer x",
        "sec-fetch-site=same-origin",
        "x-kept=1",
    ];
    let mut left = left(Version::HTTP_11, &lines);
    left.sort();
    let mut kept = kept.map(str::to_owned).to_vec();
    kept.sort();
    assert_eq!(left, kept);
}

#[test]
fn only_headers_that_are_unsafe_behind_a_proxy_are_counted() {
    let request = http::Request::builder()
        .uri("/")
        .header("x_a", "1")
        .header("proxy", "1")
        .header("te", "trailers");
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    assert_eq!(made_plain(&mut head), 2);
}

#[test]
fn names_that_a_lenient_server_takes_for_framing_are_dropped() {
    let lines = [
        ("transfer---encoding", "chunked"),
        ("transfer.encoding", "chunked"),
        ("content--length", "5"),
        ("content-length", "5"),
        ("x-content-length", "5"),
        ("content-lengths", "5"),
    ];
    let mut left = left(Version::HTTP_11, &lines);
    left.sort();
    let kept = [
        "content-length=5",
        "content-lengths=5",
        "x-content-length=5",
    ];
    assert_eq!(left, kept);
}

#[test]
fn a_length_is_written_in_plain_digits() {
    assert_eq!(
        left(Version::HTTP_11, &[("content-length", "0005")]),
        ["content-length=5"]
    );
    assert_eq!(
        left(Version::HTTP_11, &[("content-length", "0")]),
        ["content-length=0"]
    );
}

#[test]
fn cookies_that_were_sent_apart_are_joined() {
    let crumbs = [("cookie", "a=1"), ("cookie", "b=2")];
    for version in [Version::HTTP_11, Version::HTTP_2] {
        assert_eq!(left(version, &crumbs), ["cookie=a=1; b=2"]);
    }
}

#[test]
fn a_target_with_an_authority_overrules_the_host() {
    let request = http::Request::builder()
        .uri("http://b.example:81/x?y")
        .header("host", "a.example");
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    made_plain(&mut head);
    assert_eq!(head.headers[HOST], "b.example:81");
    assert_eq!(head.uri, "/x?y");
}

#[test]
fn a_request_id_is_written_as_32_digits() {
    let value = request_id(RequestId(0x0123_4567_89ab_cdef_0fed_cba9_8765_4321));
    assert_eq!(value, "0123456789abcdef0fedcba987654321");
}

#[test]
fn trailers_pass_only_where_nobody_takes_them_for_a_head() {
    let mut trailers = HeaderMap::new();
    for name in [
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
        "quota-left-bin",
        "content-length",
        "host",
        "authorization",
        "set-cookie",
        "transfer-encoding",
        "x-forwarded-for",
        "x_y",
    ] {
        trailers.insert(HeaderName::from_static(name), HeaderValue::from_static("0"));
    }
    let names = |which: Trailers| {
        let kept = which.of(&trailers).unwrap();
        kept.keys().map(ToString::to_string).collect::<Vec<_>>()
    };
    let own = ["grpc-status", "grpc-message", "grpc-status-details-bin"];
    assert_eq!(names(Trailers::Grpc), own);
    assert_eq!(
        names(Trailers::Call),
        [&own[..], &["quota-left-bin"]].concat()
    );
    assert_eq!(Trailers::Call.of(&HeaderMap::new()), None);
}

#[test]
fn a_type_is_known_by_its_name_whatever_follows() {
    for (stated, is_it) in [
        ("application/grpc", true),
        ("application/grpc+proto", true),
        ("Application/gRPC; x=y", true),
        ("application/grpc-web", false),
        ("application/json", false),
        ("app", false),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(stated));
        assert_eq!(has_type(&headers, "application/grpc"), is_it, "{stated}");
    }
    assert!(!has_type(&HeaderMap::new(), "application/grpc"));
}
