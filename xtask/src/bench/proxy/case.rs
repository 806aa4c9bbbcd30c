//! The loads that every proxy bears.

use std::process::Command;

use anyhow::Result;

use super::door::Door;
use super::h2load;
use crate::bench::Bench;
use crate::bench::counted::Counted;
use crate::bench::load::Part;
use crate::bench::process::{cpu_seconds, memory_bytes};
use crate::bench::sample::Sample;
use crate::bench::wrk::{self, Request};
use crate::program::output;

/// Requests a second at a pinned rate: all of them can serve it with cores to spare.
const RATE: u32 = 4_000;

/// One load.
pub(super) struct Case {
    pub(super) part: Part,
    pub(super) title: &'static str,
    way: Way,
    path: &'static str,
    /// Whether the design sets a bound for it.
    pub(super) is_judged: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Plain,
    Tls,
    Http2,
    Handshakes,
    PlainPinned,
    TlsPinned,
}

const fn case(part: Part, title: &'static str, way: Way, path: &'static str) -> Case {
    Case {
        part,
        title,
        way,
        path,
        is_judged: matches!(part, Part::Proxy),
    }
}

pub(super) const CASES: &[Case] = &[
    case(Part::Proxy, "HTTP/1.1, 100 bytes", Way::Plain, "/short"),
    case(Part::Proxy, "HTTP/1.1, 100 kB", Way::Plain, "/long"),
    case(
        Part::Proxy,
        "HTTP/1.1 over TLS 1.3, 100 bytes",
        Way::Tls,
        "/short",
    ),
    case(
        Part::Proxy,
        "HTTP/1.1 over TLS 1.3, 100 kB",
        Way::Tls,
        "/long",
    ),
    case(
        Part::Proxy,
        "HTTP/2 over TLS 1.3, 100 bytes",
        Way::Http2,
        "/short",
    ),
    case(
        Part::Proxy,
        "HTTP/2 over TLS 1.3, 100 kB",
        Way::Http2,
        "/long",
    ),
    case(
        Part::Files,
        "a file of 10 kB, HTTP/1.1",
        Way::Plain,
        "/files/10k.bin",
    ),
    case(
        Part::Files,
        "a file of 10 kB, HTTP/1.1 over TLS 1.3",
        Way::Tls,
        "/files/10k.bin",
    ),
    case(
        Part::Files,
        "a file of 1 MB, HTTP/1.1",
        Way::Plain,
        "/files/1m.bin",
    ),
    case(
        Part::Files,
        "a file of 1 MB, HTTP/1.1 over TLS 1.3",
        Way::Tls,
        "/files/1m.bin",
    ),
    case(
        Part::Handshakes,
        "full TLS 1.3 handshakes (X25519, ECDSA P-256), one request each",
        Way::Handshakes,
        "/short",
    ),
    case(
        Part::Pinned,
        "HTTP/1.1 at 4,000 requests a second, 100 bytes",
        Way::PlainPinned,
        "/short",
    ),
    case(
        Part::Pinned,
        "HTTP/1.1 over TLS 1.3 at 4,000 requests a second, 100 bytes",
        Way::TlsPinned,
        "/short",
    ),
];

impl Case {
    /// Whether a proxy can bear it.
    pub(super) fn suits(&self, door: &Door) -> bool {
        self.part != Part::Files || door.serves_files
    }

    /// Whether its instructions are counted: bytes on the way would hide what a request costs.
    pub(super) fn is_counted(&self) -> bool {
        self.is_judged && self.path == "/short"
    }

    /// One round.
    pub(super) fn load(&self, bench: &Bench, door: &Door, seconds: u64) -> Result<Sample> {
        let request = |scheme: &str, port: u16| {
            Request::get(format!("{scheme}://localhost:{port}{}", self.path))
        };
        let (plain, secure) = (door.plain.port(), door.secure.port());
        match self.way {
            Way::Plain => wrk::load(&request("http", plain), seconds, &bench.place, &door.ids()),
            Way::Tls => wrk::load(
                &request("https", secure),
                seconds,
                &bench.place,
                &door.ids(),
            ),
            Way::Http2 => h2load::load(&request("https", secure).url, seconds, &door.ids()),
            Way::Handshakes => self.by_rig(bench, door, &["handshakes"], &[&seconds.to_string()]),
            Way::PlainPinned | Way::TlsPinned => self.by_rig(
                bench,
                door,
                &["pace"],
                &[&RATE.to_string(), &seconds.to_string()],
            ),
        }
    }

    fn by_rig(&self, bench: &Bench, door: &Door, verb: &[&str], rest: &[&str]) -> Result<Sample> {
        let mut command = Command::new(&bench.rig);
        command.args(verb);
        let address = if self.way == Way::PlainPinned {
            door.plain
        } else {
            command.arg("--authority").arg(&door.authority);
            door.secure
        };
        command.arg(address.to_string()).arg(self.path);
        let before = cpu_seconds(&door.ids());
        let text = output(command.args(rest))?;
        let cpu = cpu_seconds(&door.ids()) - before;
        Ok(Counted::read(&text)?.sample(cpu, memory_bytes(&door.ids())))
    }
}
