//! The units that settings are written in: an address or `off`, a span of time, a size, a rate.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use traffic::Rate;

/// Why a text is not in its unit; says what one looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: write {example}")]
pub struct InvalidUnit {
    text: String,
    what: &'static str,
    example: &'static str,
}

/// An address to listen on, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Listen(Option<SocketAddr>);

impl Listen {
    /// No listener.
    pub const OFF: Self = Self(None);

    /// A listener on this address; port 0 takes a free one.
    pub fn at(address: SocketAddr) -> Self {
        Self(Some(address))
    }

    /// The address, unless it is off.
    pub fn address(self) -> Option<SocketAddr> {
        self.0
    }

    pub(super) fn loopback(port: u16) -> Self {
        Self::at(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }
}

impl FromStr for Listen {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        let example = "an address and a port, such as `127.0.0.1:8080` or `[::]:443`, or `off`";
        text.parse()
            .map(Self::at)
            .map_err(|_| invalid(text, "address", example))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("off"),
        }
    }
}

/// The address of an ACME authority's directory, or `off`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Directory(Option<String>);

impl Directory {
    /// No authority.
    pub const OFF: Self = Self(None);

    pub(super) fn lets_encrypt() -> Self {
        Self(Some(
            "https://acme-v02.api.letsencrypt.org/directory".to_owned(),
        ))
    }

    /// The address, unless it is off.
    pub fn url(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl FromStr for Directory {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        let example = "one such as `https://acme.example/directory`, or `off`";
        let url = text.parse::<http::Uri>().ok();
        let is_address = url.is_some_and(|url| {
            url.scheme() == Some(&http::uri::Scheme::HTTPS) && url.host().is_some()
        });
        if is_address {
            Ok(Self(Some(text.to_owned())))
        } else {
            Err(invalid(text, "HTTPS address", example))
        }
    }
}

impl fmt::Display for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url().unwrap_or("off"))
    }
}

/// A span of time, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Duration);

/// Units in milliseconds, the largest first.
const SPANS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
    ("ms", 1),
];

impl Span {
    /// So many milliseconds.
    pub fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }

    /// So many seconds.
    pub fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// So many days.
    pub fn from_days(days: u64) -> Self {
        Self::from_secs(days * 86_400)
    }

    /// The same as the standard library's type.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Span {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        let error = || {
            invalid(
                text,
                "span of time",
                "a number and a unit, such as `500ms`, `10s`, `5m`, `12h` or `30d`",
            )
        };
        quantity(text, &SPANS)
            .map(Self::from_millis)
            .ok_or_else(error)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        write_quantity(
            f,
            if milliseconds == 0 {
                &SPANS[3..4]
            } else {
                &SPANS
            },
            milliseconds,
        )
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ByteSize(u64);

const SIZES: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

impl ByteSize {
    /// So many bytes.
    pub fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many times 1,024 bytes.
    pub fn kib(kibibytes: u64) -> Self {
        Self(kibibytes << 10)
    }

    /// So many times 1,048,576 bytes.
    pub fn mib(mebibytes: u64) -> Self {
        Self(mebibytes << 20)
    }

    /// The number of bytes.
    pub fn get(self) -> u64 {
        self.0
    }

    /// The number of bytes as a length in memory.
    pub fn len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// Whether it is nothing.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for ByteSize {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        let error = || {
            invalid(
                text,
                "size",
                "a number and a unit, such as `512B`, `32KiB`, `10MiB` or `1GiB`",
            )
        };
        quantity(text, &SIZES).map(Self).ok_or_else(error)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_quantity(f, if self.0 == 0 { &SIZES[3..] } else { &SIZES }, self.0)
    }
}

/// A rate of requests, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RateSetting(Option<Rate>);

impl RateSetting {
    /// No limit.
    pub const OFF: Self = Self(None);

    /// So many requests a second.
    pub fn per_second(requests: u32) -> Self {
        Self(Some(Rate::per_second(requests)))
    }

    /// The rate, unless it is off.
    pub fn rate(self) -> Option<Rate> {
        self.0
    }
}

impl FromStr for RateSetting {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        let example = "requests a second or a minute, such as `20r/s` or `600r/m`, or `off`";
        text.parse()
            .map(|rate| Self(Some(rate)))
            .map_err(|_| invalid(text, "rate", example))
    }
}

impl fmt::Display for RateSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(rate) => rate.fmt(f),
            None => f.write_str("off"),
        }
    }
}

/// Serde's view of a unit is its text.
macro_rules! as_text {
    ($($unit:ty),+) => {$(
        impl TryFrom<String> for $unit {
            type Error = InvalidUnit;

            fn try_from(text: String) -> Result<Self, InvalidUnit> {
                text.parse()
            }
        }

        impl From<$unit> for String {
            fn from(unit: $unit) -> Self {
                unit.to_string()
            }
        }
    )+};
}

as_text!(Listen, Directory, Span, ByteSize, RateSetting);

pub(super) fn invalid(text: &str, what: &'static str, example: &'static str) -> InvalidUnit {
    InvalidUnit {
        text: text.to_owned(),
        what,
        example,
    }
}

/// Reads digits and a unit, with nothing else around them but one space between.
fn quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn write_quantity(f: &mut fmt::Formatter<'_>, units: &[(&str, u64)], amount: u64) -> fmt::Result {
    let whole = units
        .iter()
        .find(|(_, factor)| amount.is_multiple_of(*factor));
    let (name, factor) = whole.or(units.last()).copied().unwrap_or(("", 1));
    write!(f, "{}{name}", amount / factor)
}
