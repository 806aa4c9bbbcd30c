//! `X-Forwarded-For` against a plain reading of it from left to right.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::{HeaderMap, HeaderValue};

use crate::forwarded;

/// The first byte says who is trusted, each line after it is a header.
pub fn read(bytes: &[u8]) {
    let Some((&mask, rest)) = bytes.split_first() else {
        return;
    };
    let mut headers = HeaderMap::new();
    for line in rest.split(|&byte| byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append("x-forwarded-for", value.clone());
            headers.append("x-forwarded-proto", value);
        }
    }
    let trusts = |address: IpAddr| is_trusted(mask, address);
    let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, mask));
    let found = forwarded::client(peer, &headers, trusts);
    assert_eq!(found, expected(peer, &headers, trusts));
    assert!(trusts(peer) || found == peer, "hearsay of a stranger");
    forwarded::is_secure(&headers);
}

/// Some addresses and not others, among IPv4 and IPv6.
fn is_trusted(mask: u8, address: IpAddr) -> bool {
    let last = match address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(address) => address.octets()[15],
    };
    mask & (1 << (last % 8)) != 0
}

fn expected(peer: IpAddr, headers: &HeaderMap, trusts: impl Fn(IpAddr) -> bool) -> IpAddr {
    let lines = headers.get_all("x-forwarded-for").into_iter();
    let lines: Vec<_> = lines
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    let all = lines.join(",");
    let entries = all.split(',').map(address).chain([Some(peer)]);
    // Each entry is believed if whoever stands right of it is trusted, and so on to the end.
    let chain: Vec<Option<IpAddr>> = entries.collect();
    let mut best = peer;
    for start in (0..chain.len()).rev() {
        let Some(address) = chain[start] else { break };
        best = address;
        if !trusts(address) {
            break;
        }
    }
    best
}

fn address(entry: &str) -> Option<IpAddr> {
    let text = entry.trim_matches(|one: char| one.is_ascii_whitespace());
    let bare = match text.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
        Some(Some(inner)) => inner,
        _ => text,
    };
    let found = bare.parse::<IpAddr>().ok();
    let found = found.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()));
    found.map(|address| address.to_canonical())
}
