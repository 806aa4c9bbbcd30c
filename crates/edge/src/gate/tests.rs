//! The gate's pure parts; what it does to whole requests is tested at the socket.

use http::uri::Authority;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

use super::host::{is_authority, without_port};
use super::target::normal;

#[test]
fn a_path_has_one_plain_reading() {
    for (written, read) in [
        ("/", "/"),
        ("/health", "/health"),
        ("//health", "/health"),
        ("/./health", "/health"),
        ("/a/../health", "/health"),
        ("/a/%2e%2E/health", "/health"),
        ("/%68ealth", "/health"),
        ("/a%2f..%2fhealth", "/health"),
        ("/..%5chealth", "/health"),
        ("/../../../etc", "/etc"),
        ("/100%", "/100%"),
        ("/%zz%4", "/%zz%4"),
    ] {
        assert_eq!(normal(written), read, "{written}");
    }
}

#[test]
fn a_host_is_what_stands_before_the_port() {
    for (authority, host) in [
        ("a", "a"),
        ("a:80", "a"),
        ("a:", "a"),
        ("[::1]", "[::1]"),
        ("[::1]:80", "[::1]"),
        ("", ""),
        (":80", ""),
    ] {
        assert_eq!(without_port(authority), host, "{authority}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_gate_fail(text in ".*") {
        is_authority(&text);
        without_port(&text);
        normal(&text);
    }

    #[test]
    fn a_plain_reading_has_nothing_left_to_resolve(path in "(/|\\.|%2e|%2f|%5c|a|b){0,12}") {
        let read = normal(&format!("/{path}"));
        let mut segments = read.split('/').skip(1);
        prop_assert!(read == "/" || segments.all(|segment| !matches!(segment, "" | "." | "..")), "{}", read);
    }

    #[test]
    fn an_authority_that_passes_has_one_reading(text in "[a-z0-9.:@/\\[\\]_ ,%?#-]{0,20}") {
        if is_authority(&text) {
            let url: http::Uri = format!("http://{text}/").parse().expect("a URI that others can read");
            prop_assert_eq!(url.authority().map(Authority::as_str), Some(text.as_str()));
            prop_assert_eq!(url.host(), Some(without_port(&text)));
        }
    }
}
