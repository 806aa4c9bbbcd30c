//! Who the client is when trusted proxies stand before this server.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// Walks `X-Forwarded-For` from its right end, over trusted proxies, to the first address that is not one.
/// An entry that is no address ends the walk at the proxy that wrote it: what stands left of it is hearsay.
pub(crate) fn client(
    peer: IpAddr,
    headers: &HeaderMap,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let entries = lines.flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b','));
    let mut address = peer;
    for entry in entries {
        if !is_trusted(address) {
            break;
        }
        match parse(entry) {
            Some(before) => address = before,
            None => break,
        }
    }
    address
}

/// Whether the nearest proxy says that the client's connection was encrypted; `None` when it says nothing.
pub(crate) fn is_secure(headers: &HeaderMap) -> Option<bool> {
    let last = headers.get_all("x-forwarded-proto").iter().next_back()?;
    let word = last.as_bytes().rsplit(|&byte| byte == b',').next()?;
    Some(word.trim_ascii().eq_ignore_ascii_case(b"https"))
}

/// An address as proxies write it: plain, with a port, or in brackets.
fn parse(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim_ascii();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let address = bare
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests;
