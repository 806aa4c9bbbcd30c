//! `X-Forwarded-For` and `Forwarded` against plain readings of them from left to right.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, HeaderValue};

use crate::{elements, forwarded, hops};

/// The first byte says who is trusted, each line after it is a header.
pub fn read(bytes: &[u8]) {
    let Some((&mask, rest)) = bytes.split_first() else {
        return;
    };
    let mut headers = HeaderMap::new();
    for line in rest.split(|&byte| byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append("x-forwarded-for", value.clone());
            headers.append(FORWARDED, value.clone());
            headers.append("x-forwarded-proto", value);
        }
    }
    let trusts = |address: IpAddr| is_trusted(mask, address);
    let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, mask));
    let found = forwarded::client(peer, &headers, trusts);
    assert_eq!(found, believed(peer, addresses(&headers), trusts));
    assert!(trusts(peer) || found == peer, "hearsay of a stranger");
    forwarded::is_secure(&headers);
    let lines = headers.get_all(FORWARDED).into_iter();
    let (told, is_secure) = elements::read(lines.map(HeaderValue::as_bytes));
    let found = hops::client(peer, &headers, trusts);
    assert_eq!(found, believed(peer, told, trusts));
    assert!(trusts(peer) || found == peer, "hearsay of a stranger");
    assert_eq!(hops::is_secure(&headers), is_secure);
}

/// Some addresses and not others, among IPv4 and IPv6.
fn is_trusted(mask: u8, address: IpAddr) -> bool {
    let last = match address {
        IpAddr::V4(address) => address.octets()[3],
        IpAddr::V6(address) => address.octets()[15],
    };
    mask & (1 << (last % 8)) != 0
}

/// Each address is believed if whoever stands right of it is trusted, and so on to the end.
fn believed(peer: IpAddr, told: Vec<Option<IpAddr>>, trusts: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut best = peer;
    for address in told.into_iter().chain([Some(peer)]).rev() {
        let Some(address) = address else { break };
        best = address;
        if !trusts(address) {
            break;
        }
    }
    best
}

fn addresses(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all("x-forwarded-for").into_iter();
    let lines: Vec<_> = lines
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    lines.join(",").split(',').map(address).collect()
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
