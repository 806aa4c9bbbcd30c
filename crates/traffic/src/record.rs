//! The access record: one request as the edge saw it, and its one-line JSON form.

mod text;

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// One request. Texts are as the client sent them, cut to 2,048 bytes; absent ones are left out of the line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record<'a> {
    /// When the request's head had been read: RFC 3339, UTC, microseconds.
    pub time: Cow<'a, str>,
    /// The request's name: 32 hexadecimal digits.
    pub id: Cow<'a, str>,
    /// The client's address, after trusted proxies were believed.
    pub client: IpAddr,
    /// `https` or `http`.
    pub scheme: Cow<'a, str>,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: Cow<'a, str>,
    /// The request's method; empty when the request could not be read.
    pub method: Cow<'a, str>,
    /// The name the client asked for, without a port.
    pub host: Cow<'a, str>,
    /// Path and query; the values of query parameters that carry secrets are masked.
    pub target: Cow<'a, str>,
    /// The status sent; 499 when the client went away before one was.
    pub status: u16,
    /// Body bytes received.
    pub bytes_in: u64,
    /// Body bytes sent.
    pub bytes_out: u64,
    /// From the head read to the last byte handed to the connection, in microseconds.
    pub duration_us: u64,
    /// The site's rule that matched.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub site: Cow<'a, str>,
    /// The upstream and the target that was asked last, such as `app/10.0.0.2:8000`; `web` for the school's own pages,
    /// `folder` for files.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub upstream: Cow<'a, str>,
    /// How many targets were tried; more than one when a connection failed, or a request was sent again.
    #[serde(default, skip_serializing_if = "is_at_most_one")]
    pub attempts: u8,
    /// Why the edge itself answered: a short word such as `limit` or `bad_request:host`.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub cause: Cow<'a, str>,
    /// The request limit that did not let it pass at once, and what it did: `delayed:NAME`, `rejected:NAME`, or
    /// `delayed_dry_run:NAME` and `rejected_dry_run:NAME` where it only says so.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub limit: Cow<'a, str>,
    /// For how long the limit held it; of a rejection, after how long another try would have passed. Milliseconds.
    #[serde(default, skip_serializing_if = "is_none")]
    pub limit_ms: u32,
    /// The client program, as it calls itself.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub agent: Cow<'a, str>,
    /// The page that led here, as the client says.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub referer: Cow<'a, str>,
}

/// A record in its place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line<'a> {
    /// Which run of the edge wrote it: raised by one at each start.
    #[serde(rename = "gen")]
    pub generation: u64,
    /// Its place in that run, from 1, without a gap: a reader that sees each number lost nothing.
    pub seq: u64,
    /// How many records before this one could not be written since the line before (the queue or the disk was full).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
    /// The request.
    #[serde(flatten, borrow)]
    pub record: Record<'a>,
}

/// What is known of a record's texts; whoever has them side by side finds it out sooner than one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    /// Nothing.
    Any,
    /// None has a sign that JSON escapes.
    Plain,
}

impl Texts {
    /// What is to be known of these bytes and all parts of them.
    pub fn of(bytes: &[u8]) -> Self {
        if text::is_plain(bytes) {
            Self::Plain
        } else {
            Self::Any
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_none(number: &u32) -> bool {
    *number == 0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_at_most_one(number: &u8) -> bool {
    *number <= 1
}

impl Line<'_> {
    /// Appends the line and its line feed to `buffer`.
    pub fn write(&self, texts: Texts, buffer: &mut Vec<u8>) {
        text::line(self, texts, buffer);
        buffer.push(b'\n');
    }
}

impl<'a> Line<'a> {
    /// Reads one line, without its line feed. A torn line is an error that says where it ends.
    pub fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line<'static> {
        let record = Record {
            time: "2026-11-20T12:00:00.000001Z".into(),
            id: "00000000000000000000000000000001".into(),
            client: IpAddr::from([192, 0, 2, 1]),
            scheme: "https".into(),
            protocol: "HTTP/1.1".into(),
            method: "GET".into(),
            host: "sekolah.example".into(),
            target: "/cari?q=\"\u{1F4DA}\\".into(),
            status: 200,
            bytes_in: 0,
            bytes_out: 12,
            duration_us: 345,
            site: "".into(),
            upstream: "web".into(),
            attempts: 2,
            cause: "".into(),
            limit: "delayed:address".into(),
            limit_ms: 50,
            agent: "".into(),
            referer: "".into(),
        };
        Line {
            generation: 3,
            seq: 9,
            dropped: 0,
            record,
        }
    }

    #[test]
    fn a_line_is_read_back_as_written() {
        let mut buffer = Vec::new();
        line().write(Texts::Any, &mut buffer);
        assert_eq!(buffer.pop(), Some(b'\n'));
        assert!(!buffer.contains(&b'\n'));
        assert_eq!(Line::parse(&buffer).unwrap(), line());
    }

    #[test]
    fn a_torn_line_is_an_error() {
        let mut buffer = Vec::new();
        line().write(Texts::Any, &mut buffer);
        for end in 0..buffer.len() - 2 {
            assert!(Line::parse(&buffer[..end]).is_err(), "cut at {end}");
        }
    }
}
