//! How hops are written, and what is left of an answer's head.

use super::*;

#[test]
fn a_hop_is_written_as_rfc_7239_says() {
    let host = |text: &'static str| HeaderValue::from_static(text);
    for (peer, name, expected) in [
        (
            "192.0.2.1",
            Some("a.example"),
            "for=192.0.2.1;host=a.example;proto=http",
        ),
        (
            "192.0.2.1",
            Some("a:8443"),
            "for=192.0.2.1;host=\"a:8443\";proto=http",
        ),
        (
            "2001:db8::1",
            Some("[::1]"),
            "for=\"[2001:db8::1]\";host=\"[::1]\";proto=http",
        ),
        ("192.0.2.1", None, "for=192.0.2.1;proto=http"),
    ] {
        let written = element(peer.parse().unwrap(), name.map(host).as_ref(), "http");
        assert_eq!(written, expected);
    }
    assert_eq!(appended("", "b"), "b");
    assert_eq!(appended("a", "b"), "a, b");
}

fn map(rows: &[(&str, &str)]) -> HeaderMap {
    rows.iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect()
}

#[test]
fn an_answer_loses_what_concerns_its_connection() {
    let mut headers = map(&[
        ("connection", "keep-alive, x-own, content-type"),
        ("keep-alive", "timeout=8"),
        ("x-own", "1"),
        ("content-type", "text/plain"),
        ("upgrade", "h2c"),
        ("trailer", "x"),
        ("transfer-encoding", "chunked"),
        ("proxy-authenticate", "x"),
    ]);
    assert_eq!(back(&mut headers), Some(Duration::from_secs(6)));
    assert_eq!(headers, map(&[("content-type", "text/plain")]));
}
