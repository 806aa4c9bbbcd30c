//! Headers as proxies send them, torn, and bent.

use proptest::prelude::*;

use super::*;

fn client(text: &str) -> Said {
    Said::Client(text.parse().unwrap())
}

/// A header of version 2.
fn binary(command: u8, family: u8, further: &[u8]) -> Vec<u8> {
    let length = u16::try_from(further.len()).unwrap().to_be_bytes();
    [SIGNATURE.as_slice(), &[command, family], &length, further].concat()
}

fn v4() -> Vec<u8> {
    binary(
        0x21,
        0x11,
        &[192, 0, 2, 1, 198, 51, 100, 1, 0x12, 0x67, 1, 0xbb],
    )
}

fn v6(source: &str) -> Vec<u8> {
    let source: Ipv6Addr = source.parse().unwrap();
    let ports = [0x12, 0x67, 1, 0xbb];
    binary(
        0x21,
        0x21,
        &[source.octets().as_slice(), &[0; 16], &ports].concat(),
    )
}

/// Whole, with what follows it, and torn at each place.
fn check(header: &[u8], said: Said) {
    let complete = Ok(Parsed::Complete {
        said,
        length: header.len(),
    });
    assert_eq!(parse(header), complete, "{header:?}");
    assert_eq!(parse(&[header, b"GET / HTTP/1.1\r\n"].concat()), complete);
    for end in 0..header.len() {
        assert_eq!(
            parse(&header[..end]),
            Ok(Parsed::Incomplete),
            "cut at {end}"
        );
    }
}

#[test]
fn both_versions_name_the_client() {
    check(
        b"PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n",
        client("192.0.2.1"),
    );
    check(
        b"PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n",
        client("2001:db8::1"),
    );
    check(
        b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n",
        client("192.0.2.1"),
    );
    check(&v4(), client("192.0.2.1"));
    check(&v6("2001:db8::1"), client("2001:db8::1"));
    check(&v6("::ffff:192.0.2.1"), client("192.0.2.1"));
}

#[test]
fn extensions_are_skipped() {
    let mut further = v4()[FIXED..].to_vec();
    further.extend([0x04, 0, 3, 0xff, 0xff, 0xff, 0x20, 0xff]);
    check(&binary(0x21, 0x11, &further), client("192.0.2.1"));
    further.resize(MOST_FURTHER, 0xff);
    check(&binary(0x21, 0x11, &further), client("192.0.2.1"));
}

#[test]
fn a_proxy_may_speak_for_itself() {
    check(b"PROXY UNKNOWN\r\n", Said::Nothing);
    check(b"PROXY UNKNOWN ffff::1 whatever this is\r\n", Said::Nothing);
    check(&binary(0x20, 0, &[]), Said::Nothing);
    check(&binary(0x20, 0x11, &v4()[FIXED..]), Said::Nothing);
    check(&binary(0x21, 0, &[1, 2, 3]), Said::Nothing);
    check(LOCAL, Said::Nothing);
}

#[test]
fn what_is_malformed_is_refused() {
    for line in [
        "PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\n",
        "PROXY  TCP4 192.0.2.1 198.51.100.1 4711 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 4711 443 \r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 4711\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 4711 65536\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 04711 443\r\n",
        "PROXY TCP4 192.0.2.1 198.51.100.1 +4711 443\r\n",
        "PROXY TCP4 192.0.2.01 198.51.100.1 4711 443\r\n",
        "PROXY TCP4 2001:db8::1 2001:db8::2 4711 443\r\n",
        "PROXY TCP6 192.0.2.1 198.51.100.1 4711 443\r\n",
        "PROXY UDP4 192.0.2.1 198.51.100.1 4711 443\r\n",
        "PROXY \r\n",
        "PROXY UNKNOWN\u{0}\n",
    ] {
        assert_eq!(parse(line.as_bytes()), Err(Malformed::Line), "{line:?}");
    }
    for other in [
        "GET / HTTP/1.1\r\n",
        "proxy TCP4",
        "PROXYTCP4",
        "\r\n\r\nGET",
        "\u{16}\u{3}\u{1}",
    ] {
        assert_eq!(
            parse(other.as_bytes()),
            Err(Malformed::Missing),
            "{other:?}"
        );
    }
    let of =
        |command, family, further: &[u8]| parse(&binary(command, family, further)).unwrap_err();
    assert_eq!(of(0x11, 0x11, &[0; 12]), Malformed::Command);
    assert_eq!(of(0x22, 0x11, &[0; 12]), Malformed::Command);
    for family in [0x31, 0x32, 0x12, 0x22, 0x10, 0x01, 0x41, 0xff] {
        assert_eq!(of(0x21, family, &[0; 216]), Malformed::Family, "{family:x}");
    }
    assert_eq!(of(0x21, 0x11, &[0; 11]), Malformed::TooShort);
    assert_eq!(of(0x21, 0x21, &[0; 35]), Malformed::TooShort);
}

#[test]
fn a_header_that_is_too_long_is_refused_before_it_has_come() {
    let line = format!("PROXY UNKNOWN {}", "x".repeat(200));
    assert_eq!(parse(&line.as_bytes()[..106]), Ok(Parsed::Incomplete));
    assert_eq!(parse(&line.as_bytes()[..107]), Err(Malformed::TooLong));
    let longest = format!("PROXY UNKNOWN {}\r\n", "x".repeat(91));
    assert_eq!(longest.len(), MOST_LINE);
    check(longest.as_bytes(), Said::Nothing);
    let mut large = v4();
    large[14..16].copy_from_slice(&4097_u16.to_be_bytes());
    assert_eq!(parse(&large[..FIXED]), Err(Malformed::TooLong));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any bytes, also behind a beginning that fits: no panic, no length beyond the bytes, and a header that is
    /// complete stays the same whatever follows it.
    #[test]
    fn any_bytes_are_judged(start in 0..4_usize, bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0..300_usize) {
        let starts: [&[u8]; 4] = [b"", WORD, SIGNATURE, b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"];
        let all = [starts[start], &bytes].concat();
        let whole = parse(&all);
        if let Ok(Parsed::Complete { length, .. }) = whole {
            prop_assert!(length <= all.len() && length <= MOST);
            prop_assert_eq!(parse(&all[..length]), whole);
            prop_assert_eq!(parse(&all[..length - 1]), Ok(Parsed::Incomplete));
        }
        let part = parse(&all[..cut.min(all.len())]);
        prop_assert!(part == Ok(Parsed::Incomplete) || part == whole);
    }

    #[test]
    fn any_address_is_read_back(bits in any::<u128>()) {
        let address = Ipv6Addr::from_bits(bits);
        let said = Said::Client(IpAddr::V6(address).to_canonical());
        let line = format!("PROXY TCP6 {address} ::1 1 2\r\n");
        for header in [line.into_bytes(), v6(&address.to_string())] {
            let length = header.len();
            prop_assert_eq!(parse(&header), Ok(Parsed::Complete { said, length }));
        }
    }
}
