//! The PROXY protocol, versions 1 and 2: a header before everything else, by which a proxy says who the client is.
//!
//! Source: haproxy.org, "The PROXY protocol", 2025. A header is bounded in length, and nothing in it is guessed at.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use thiserror::Error;

/// What a connection of version 2 begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// What one of version 1 begins with, and how long its line may be.
const WORD: &[u8; 6] = b"PROXY ";
const MOST_LINE: usize = 107;

/// The part of version 2 that is always there, and how much more may follow: addresses, and extensions that are
/// skipped, of which the largest is a client's certificate.
const FIXED: usize = 16;
const MOST_FURTHER: usize = 4096;

/// No header is longer.
pub(crate) const MOST: usize = FIXED + MOST_FURTHER;

/// A header of version 2 that speaks for nobody but the one who sends it.
pub(crate) const LOCAL: &[u8; FIXED] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// What the bytes so far amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// The beginning of a header.
    Incomplete,
    /// A header of this length, which says this.
    Complete { said: Said, length: usize },
}

/// What a header says of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// The client's address; IPv4 is never written as IPv6.
    Client(IpAddr),
    /// Nothing: the proxy speaks for itself, or does not know (`LOCAL`, `UNKNOWN`).
    Nothing,
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Malformed {
    #[error("the connection does not begin with a PROXY header: have the proxy send one")]
    Missing,
    #[error("the PROXY header is too long")]
    TooLong,
    #[error("the PROXY header's line is malformed")]
    Line,
    #[error("the PROXY header's version or command is unknown")]
    Command,
    #[error(
        "the PROXY header is of a kind that has no client here, such as UDP or a socket in the file system"
    )]
    Family,
    #[error("the PROXY header is too short for its addresses")]
    TooShort,
}

/// Reads the header at the beginning of `bytes`; what stands behind it is not looked at.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parsed, Malformed> {
    if begins(bytes, WORD) {
        return parse_line(bytes);
    }
    if begins(bytes, SIGNATURE) {
        return parse_binary(bytes);
    }
    Err(Malformed::Missing)
}

/// Whether the bytes can be nothing but a header, or the beginning of one.
pub(crate) fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(WORD) || bytes.starts_with(SIGNATURE)
}

/// Whether one is the beginning of the other.
fn begins(bytes: &[u8], with: &[u8]) -> bool {
    let common = bytes.len().min(with.len());
    bytes[..common] == with[..common]
}

fn parse_line(bytes: &[u8]) -> Result<Parsed, Malformed> {
    let seen = &bytes[..bytes.len().min(MOST_LINE)];
    let Some(end) = seen.iter().position(|&byte| byte == b'\n') else {
        let is_short = bytes.len() < MOST_LINE;
        return is_short
            .then_some(Parsed::Incomplete)
            .ok_or(Malformed::TooLong);
    };
    let line = seen[..end].strip_suffix(b"\r").ok_or(Malformed::Line)?;
    let line = std::str::from_utf8(line).map_err(|_| Malformed::Line)?;
    Ok(Parsed::Complete {
        said: said_in(line)?,
        length: end + 1,
    })
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 4711 443`; behind `UNKNOWN` anything may stand.
fn said_in(line: &str) -> Result<Said, Malformed> {
    let mut words = line.split(' ').skip(1);
    let mut word = || words.next().ok_or(Malformed::Line);
    let address = match word()? {
        "UNKNOWN" => return Ok(Said::Nothing),
        "TCP4" => {
            let (from, _) = (parsed::<Ipv4Addr>(word()?)?, parsed::<Ipv4Addr>(word()?)?);
            IpAddr::V4(from)
        }
        "TCP6" => {
            let (from, _) = (parsed::<Ipv6Addr>(word()?)?, parsed::<Ipv6Addr>(word()?)?);
            IpAddr::V6(from)
        }
        _ => return Err(Malformed::Line),
    };
    port(word()?)?;
    port(word()?)?;
    match words.next() {
        None => Ok(Said::Client(address.to_canonical())),
        Some(_) => Err(Malformed::Line),
    }
}

fn parsed<T: std::str::FromStr>(word: &str) -> Result<T, Malformed> {
    word.parse().map_err(|_| Malformed::Line)
}

/// Digits without a zero in front.
fn port(word: &str) -> Result<u16, Malformed> {
    let port: u16 = parsed(word)?;
    let is_plain = word == "0" || word.starts_with(|first: char| matches!(first, '1'..='9'));
    is_plain.then_some(port).ok_or(Malformed::Line)
}

fn parse_binary(bytes: &[u8]) -> Result<Parsed, Malformed> {
    let Some(fixed) = bytes.first_chunk::<FIXED>() else {
        return Ok(Parsed::Incomplete);
    };
    let [.., command, family, high, low] = *fixed;
    let further = usize::from(u16::from_be_bytes([high, low]));
    if further > MOST_FURTHER {
        return Err(Malformed::TooLong);
    }
    let kind = match command {
        0x20 => Kind::Nothing,
        0x21 => kind_of(family)?,
        _ => return Err(Malformed::Command),
    };
    if further < kind.least() {
        return Err(Malformed::TooShort);
    }
    let length = FIXED + further;
    let Some(rest) = bytes.get(FIXED..length) else {
        return Ok(Parsed::Incomplete);
    };
    let said = kind.said(rest);
    Ok(Parsed::Complete { said, length })
}

/// What addresses a header of version 2 has; the client's stands first.
enum Kind {
    Nothing,
    V4,
    V6,
}

/// The family stands in the upper half of the byte, the transport in the lower one.
fn kind_of(family: u8) -> Result<Kind, Malformed> {
    match family {
        0x00 => Ok(Kind::Nothing),
        0x11 => Ok(Kind::V4),
        0x21 => Ok(Kind::V6),
        _ => Err(Malformed::Family),
    }
}

impl Kind {
    /// The bytes of two addresses and two ports.
    fn least(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::V4 => 12,
            Self::V6 => 36,
        }
    }

    fn said(&self, rest: &[u8]) -> Said {
        let v4 = || rest.first_chunk::<4>().map(|bytes| IpAddr::from(*bytes));
        let v6 = || rest.first_chunk::<16>().map(|bytes| IpAddr::from(*bytes));
        let address = match self {
            Self::Nothing => None,
            Self::V4 => v4(),
            Self::V6 => v6(),
        };
        address.map_or(Said::Nothing, |address| {
            Said::Client(address.to_canonical())
        })
    }
}

#[cfg(test)]
mod tests;
