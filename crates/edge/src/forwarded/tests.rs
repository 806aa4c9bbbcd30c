//! Forwarded addresses are believed as far as trust reaches, from the right.

use http::HeaderValue;
use ipnet::IpNet;
use proptest::prelude::{ProptestConfig, any, proptest};

use super::*;

/// The client when a peer of 10.0.0.0/8 sends these lines.
fn behind(lines: &[&str]) -> String {
    let trusted: IpNet = "10.0.0.0/8".parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
    }
    client("10.0.0.1".parse().unwrap(), &headers, |address| {
        trusted.contains(&address)
    })
    .to_string()
}

#[test]
fn the_walk_ends_at_the_first_address_that_is_not_trusted() {
    assert_eq!(behind(&["192.0.2.7"]), "192.0.2.7");
    assert_eq!(behind(&["198.51.100.1, 192.0.2.7"]), "192.0.2.7");
    assert_eq!(behind(&["192.0.2.7, 10.9.9.9,10.8.8.8"]), "192.0.2.7");
    assert_eq!(
        behind(&["198.51.100.1", "192.0.2.7", "10.2.2.2"]),
        "192.0.2.7"
    );
    assert_eq!(behind(&["10.3.3.3, 10.2.2.2"]), "10.3.3.3");
    assert_eq!(behind(&[]), "10.0.0.1");
}

#[test]
fn an_entry_that_is_no_address_ends_the_walk_and_nothing_left_of_it_counts() {
    assert_eq!(behind(&["192.0.2.7, unknown"]), "10.0.0.1");
    assert_eq!(behind(&["192.0.2.7, , 10.2.2.2"]), "10.2.2.2");
    assert_eq!(behind(&[""]), "10.0.0.1");
    assert_eq!(behind(&["192.0.2.7;"]), "10.0.0.1");
}

#[test]
fn addresses_are_read_in_every_form_that_proxies_write() {
    assert_eq!(behind(&["192.0.2.7:4711"]), "192.0.2.7");
    assert_eq!(behind(&["[2001:db8::1]:4711"]), "2001:db8::1");
    assert_eq!(behind(&["[2001:db8::1]"]), "2001:db8::1");
    assert_eq!(behind(&["2001:db8::1"]), "2001:db8::1");
    assert_eq!(behind(&["::ffff:192.0.2.7"]), "192.0.2.7");
}

#[test]
fn the_nearest_proxy_says_whether_the_client_was_encrypted() {
    let secure = |lines: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-proto", HeaderValue::from_static(line));
        }
        is_secure(&headers)
    };
    assert_eq!(secure(&[]), None);
    assert_eq!(secure(&["https"]), Some(true));
    assert_eq!(secure(&["https, http"]), Some(false));
    assert_eq!(secure(&["http", "HTTPS"]), Some(true));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands left of an untrusted entry, the client is that entry.
    #[test]
    fn nothing_written_by_a_stranger_changes_the_client(left in "[ -~]{0,60}", address in any::<u32>()) {
        let stranger = IpAddr::from((address | 0x8000_0000).to_be_bytes());
        proptest::prop_assume!(stranger.to_string() != "10.0.0.1");
        proptest::prop_assert_eq!(behind(&[&format!("{left},{stranger}, 10.1.1.1")]), stranger.to_string());
    }
}
