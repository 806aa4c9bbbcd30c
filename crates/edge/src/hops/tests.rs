//! Elements are read as RFC 7239 writes them, and believed as far as trust reaches.

use http::HeaderValue;
use ipnet::IpNet;
use proptest::prelude::{ProptestConfig, any, prop, proptest};
use proptest::{prop_assert, prop_assert_eq};

use super::*;

/// The client when a peer of 10.0.0.0/8 sends these lines.
fn behind(lines: &[&str]) -> String {
    let trusted: IpNet = "10.0.0.0/8".parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(FORWARDED, HeaderValue::from_str(line).unwrap());
    }
    let is_trusted = |address| trusted.contains(&address);
    client("10.0.0.1".parse().unwrap(), &headers, is_trusted).to_string()
}

#[test]
fn the_walk_ends_at_the_first_address_that_is_not_trusted() {
    assert_eq!(behind(&["for=192.0.2.7"]), "192.0.2.7");
    assert_eq!(behind(&["for=198.51.100.1, for=192.0.2.7"]), "192.0.2.7");
    assert_eq!(
        behind(&["for=192.0.2.7;proto=https, for=10.9.9.9,for=10.8.8.8"]),
        "192.0.2.7"
    );
    assert_eq!(
        behind(&["for=198.51.100.1", "for=192.0.2.7", "for=10.2.2.2"]),
        "192.0.2.7"
    );
    assert_eq!(behind(&["for=10.3.3.3, for=10.2.2.2"]), "10.3.3.3");
    assert_eq!(behind(&[]), "10.0.0.1");
    let many = vec!["for=10.2.2.2"; 1000].join(",");
    assert_eq!(
        behind(&[&format!("for=192.0.2.7,{many}")]),
        "192.0.2.7",
        "there may be many"
    );
}

#[test]
fn an_element_without_an_address_ends_the_walk() {
    for element in [
        "for=unknown",
        "for=_hidden",
        "for=\"_gazonk:_p\"",
        "by=10.2.2.2;proto=http",
        "",
        ";",
        "for=\"\"",
        "for=\"2001:db8::1\"",
        "for=\"[2001:db8::1\"",
        "for=\"[192.0.2.1]\"",
        "for=\"192.0.2.1:\"",
        "for=\"192.0.2.1:123456\"",
        "for=\"192.0.2.1:_\"",
        "for=\"192.0.2.1 \"",
        "for=192.0.2.256",
    ] {
        let line = format!("for=192.0.2.7, {element}, for=10.2.2.2");
        assert_eq!(behind(&[&line]), "10.2.2.2", "{element}");
        assert_eq!(
            behind(&["for=192.0.2.7", element, "for=10.2.2.2"]),
            "10.2.2.2"
        );
    }
}

#[test]
fn addresses_are_read_in_every_form_that_the_rfc_has() {
    for (element, expected) in [
        ("FOR=192.0.2.7", "192.0.2.7"),
        ("for=\"192.0.2.7:4711\"", "192.0.2.7"),
        ("for=\"192.0.2.7:_hidden\"", "192.0.2.7"),
        ("for=\"[2001:DB8::1]\"", "2001:db8::1"),
        ("for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
        ("for=\"[::ffff:192.0.2.7]\"", "192.0.2.7"),
        ("for=\"192.0\\.2.7\"", "192.0.2.7"),
        (
            "by=_x;host=\"a, for=10.0.0.9;\";for=192.0.2.7 ; proto=http",
            "192.0.2.7",
        ),
        (";;for=192.0.2.7;", "192.0.2.7"),
    ] {
        assert_eq!(behind(&[element]), expected, "{element}");
    }
}

#[test]
fn a_line_that_is_no_list_of_elements_counts_for_nothing() {
    for line in [
        "for",
        "for=",
        "=192.0.2.7",
        "for =192.0.2.7",
        "for= 192.0.2.7",
        "for=192.0.2.7:80",
        "for=[2001:db8::1]",
        "for=\"192.0.2.7",
        "for=\"192.0.2.7\\",
        "for=\"192.0.2.7\"x",
        "for=192.0.2.7 for=192.0.2.8",
        "for=192.0.2.7;For=192.0.2.8",
        "x=1;for=192.0.2.7;X=2",
        "for=192.0.2.7,\"",
    ] {
        assert_eq!(behind(&[line]), "10.0.0.1", "{line}");
        assert_eq!(behind(&["for=192.0.2.9", line]), "10.0.0.1", "{line}");
        assert_eq!(behind(&[line, "for=192.0.2.9"]), "192.0.2.9", "{line}");
    }
}

#[test]
fn the_nearest_proxy_says_whether_the_client_was_encrypted() {
    let secure = |lines: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED, HeaderValue::from_static(line));
        }
        is_secure(&headers)
    };
    assert_eq!(secure(&[]), None);
    assert_eq!(secure(&["for=192.0.2.7"]), None);
    assert_eq!(secure(&["proto=https, for=_x"]), None);
    assert_eq!(secure(&["proto=http, proto=\"HTTPS\""]), Some(true));
    assert_eq!(secure(&["proto=https", "proto=http"]), Some(false));
    assert_eq!(secure(&["proto=https", "proto="]), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands left of what a proxy adds to the line, the client is whom it names, or nobody is.
    #[test]
    fn nothing_written_by_a_stranger_names_the_client(
        left in "[ -~]{0,40}|[\",;=\\\\for]{0,20}|(for=\"?[0-9.]{7}\"?[,;]?){0,3}",
        address in any::<u128>(),
        is_v6 in any::<bool>(),
    ) {
        let stranger = if is_v6 {
            IpAddr::V6((address | 1 << 127).into())
        } else {
            IpAddr::from((u32::try_from(address & 0xffff_ffff).unwrap() | 0x8000_0000).to_be_bytes())
        };
        let own = match stranger {
            IpAddr::V4(address) => format!("for={address};proto=https"),
            IpAddr::V6(address) => format!("proto=https;for=\"[{address}]:4711\""),
        };
        let found = behind(&[&format!("{left}, {own}, for=10.1.1.1")]);
        let named = stranger.to_canonical().to_string();
        prop_assert!(found == named || found == "10.0.0.1", "{found}");
        prop_assert_eq!(behind(&[&left, &own]), named);
    }

    #[test]
    fn what_is_written_is_read(
        hops in prop::collection::vec((any::<Option<IpAddr>>(), any::<Option<bool>>(), "[ -~]{0,20}"), 1..5),
    ) {
        let mut line = Vec::new();
        for (address, is_secure, host) in &hops {
            let host = host.replace('\\', "\\\\").replace('"', "\\\"");
            let mut pairs = vec![format!("host=\"{host}\"")];
            pairs.extend(address.map(|address| match address {
                IpAddr::V4(address) => format!("for={address}"),
                IpAddr::V6(address) => format!("For=\"[{address}]:_p\""),
            }));
            pairs.extend(is_secure.map(|is_secure| format!("proto={}", if is_secure { "https" } else { "http" })));
            line.push(pairs.join(";"));
        }
        let expected: Vec<_> = hops
            .iter()
            .map(|(address, is_secure, _)| Hop {
                address: address.map(|address| address.to_canonical()),
                is_secure: *is_secure,
            })
            .collect();
        prop_assert_eq!(read(line.join(" , ").as_bytes()), Some(expected));
    }
}
