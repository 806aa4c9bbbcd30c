//! `Forwarded` (RFC 7239), element by element: whom each proxy was spoken to by, and how.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::HeaderMap;
use http::header::FORWARDED;

/// What one proxy says of whoever spoke to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Hop {
    /// `None` where it is not told, unknown, or hidden behind a name of the proxy's own.
    pub(crate) address: Option<IpAddr>,
    /// Whether the connection was encrypted, if that is told.
    pub(crate) is_secure: Option<bool>,
}

/// Walks from the right end, over trusted proxies, to the first address that is not one. An element without an address
/// ends the walk at the proxy that wrote it, and so does a line that is no list of elements: what stands left of it is
/// hearsay.
pub(crate) fn client(
    peer: IpAddr,
    headers: &HeaderMap,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut address = peer;
    for line in headers.get_all(FORWARDED).iter().rev() {
        let Some(hops) = read(line.as_bytes()) else {
            break;
        };
        for hop in hops.iter().rev() {
            match hop.address.filter(|_| is_trusted(address)) {
                Some(before) => address = before,
                None => return address,
            }
        }
    }
    address
}

/// Whether the nearest proxy says that the client's connection was encrypted; `None` when it says nothing.
pub(crate) fn is_secure(headers: &HeaderMap) -> Option<bool> {
    let last = headers.get_all(FORWARDED).iter().next_back()?;
    read(last.as_bytes())?.last()?.is_secure
}

/// The elements of one line in their order, at least one; `None` if it is no list of elements.
pub(crate) fn read(line: &[u8]) -> Option<Vec<Hop>> {
    let mut rest = Rest(line);
    let mut hops = Vec::new();
    loop {
        hops.push(hop(&mut rest)?);
        if rest.0.is_empty() {
            return Some(hops);
        }
        rest.take(b',').then_some(())?;
    }
}

/// Pairs with semicolons between them, to the comma or the end. A name that comes twice has two readings.
fn hop(rest: &mut Rest<'_>) -> Option<Hop> {
    let (mut hop, mut names) = (Hop::default(), Vec::new());
    loop {
        rest.skip_blanks();
        let name = rest.token();
        if !name.is_empty() {
            let is_repeated = names
                .iter()
                .any(|known: &&[u8]| known.eq_ignore_ascii_case(name));
            let value = rest.take(b'=').then(|| rest.value())??;
            (!is_repeated).then(|| names.push(name))?;
            match name.to_ascii_lowercase().as_slice() {
                b"for" => hop.address = node(&value),
                b"proto" => hop.is_secure = Some(value.eq_ignore_ascii_case(b"https")),
                _ => {}
            }
            rest.skip_blanks();
        }
        if !rest.take(b';') {
            return Some(hop);
        }
    }
}

/// An address, perhaps with a port; IPv6 stands in brackets.
fn node(value: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(value).ok()?;
    let (address, port) = if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        (IpAddr::V6(address.parse::<Ipv6Addr>().ok()?), port)
    } else {
        let (address, port) = text.split_at(text.find(':').unwrap_or(text.len()));
        (IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), port)
    };
    (port.is_empty() || is_port(port.strip_prefix(':')?)).then(|| address.to_canonical())
}

/// Digits, or a name that hides them.
fn is_port(port: &str) -> bool {
    let is_hidden = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    match port.strip_prefix('_') {
        Some(name) => !name.is_empty() && name.bytes().all(is_hidden),
        None => (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// What is left to read of a line.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn skip_blanks(&mut self) {
        let blanks = self.0.iter().take_while(|byte| is_blank(**byte)).count();
        self.0 = &self.0[blanks..];
    }

    /// Whether this byte came next, which is taken then.
    fn take(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((&first, rest)) if first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    /// As many bytes as may stand in a token; perhaps none.
    fn token(&mut self) -> &'a [u8] {
        let length = self.0.iter().take_while(|byte| is_tchar(**byte)).count();
        let (token, rest) = self.0.split_at(length);
        self.0 = rest;
        token
    }

    fn value(&mut self) -> Option<Cow<'a, [u8]>> {
        if self.take(b'"') {
            return self.quoted();
        }
        let token = self.token();
        (!token.is_empty()).then_some(Cow::Borrowed(token))
    }

    /// To the closing quote, without the backslashes that let others stand for themselves.
    fn quoted(&mut self) -> Option<Cow<'a, [u8]>> {
        let plain = self.0.iter().take_while(|byte| is_plain(**byte)).count();
        let (start, rest) = self.0.split_at(plain);
        self.0 = rest;
        if self.take(b'"') {
            return Some(Cow::Borrowed(start));
        }
        let mut value = start.to_vec();
        while !self.take(b'"') {
            let is_escaped = self.take(b'\\');
            let (&byte, rest) = self.0.split_first()?;
            let may_stand = is_plain(byte) || is_escaped && matches!(byte, b'"' | b'\\');
            value.push(may_stand.then_some(byte)?);
            self.0 = rest;
        }
        Some(Cow::Owned(value))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// RFC 9110 §5.6.2.
fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a byte may stand between quotes as it is (RFC 9110 §5.6.4).
fn is_plain(byte: u8) -> bool {
    let is_visible = byte >= b' ' && byte != 0x7f;
    byte == b'\t' || is_visible && !matches!(byte, b'"' | b'\\')
}

#[cfg(test)]
mod tests;
