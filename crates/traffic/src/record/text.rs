//! A line's JSON, written field by field: the derived serializer takes six times as long, and the log's writer does
//! little else.

use std::io::Write;
use std::net::IpAddr;

use super::{Line, Record, Texts};

/// Appends what serde would write.
pub(super) fn line(line: &Line<'_>, texts: Texts, out: &mut Vec<u8>) {
    number(out, "{\"gen\":", line.generation);
    number(out, ",\"seq\":", line.seq);
    if line.dropped > 0 {
        number(out, ",\"dropped\":", line.dropped);
    }
    match texts {
        Texts::Plain => record(&line.record, plain, out),
        Texts::Any => record(&line.record, text, out),
    }
    out.push(b'}');
}

fn record(record: &Record<'_>, text: impl Fn(&mut Vec<u8>, &str, &str), out: &mut Vec<u8>) {
    let present = |out: &mut Vec<u8>, name, value: &str| {
        if !value.is_empty() {
            text(out, name, value);
        }
    };
    text(out, ",\"time\":\"", &record.time);
    text(out, ",\"id\":\"", &record.id);
    address(out, ",\"client\":\"", record.client);
    text(out, ",\"scheme\":\"", &record.scheme);
    text(out, ",\"protocol\":\"", &record.protocol);
    text(out, ",\"method\":\"", &record.method);
    text(out, ",\"host\":\"", &record.host);
    text(out, ",\"target\":\"", &record.target);
    number(out, ",\"status\":", record.status.into());
    number(out, ",\"bytes_in\":", record.bytes_in);
    number(out, ",\"bytes_out\":", record.bytes_out);
    number(out, ",\"duration_us\":", record.duration_us);
    present(out, ",\"site\":\"", &record.site);
    present(out, ",\"upstream\":\"", &record.upstream);
    if record.attempts > 1 {
        number(out, ",\"attempts\":", record.attempts.into());
    }
    present(out, ",\"cause\":\"", &record.cause);
    present(out, ",\"limit\":\"", &record.limit);
    if record.limit_ms > 0 {
        number(out, ",\"limit_ms\":", record.limit_ms.into());
    }
    present(out, ",\"agent\":\"", &record.agent);
    present(out, ",\"referer\":\"", &record.referer);
}

fn number(out: &mut Vec<u8>, name: &str, number: u64) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn text(out: &mut Vec<u8>, name: &str, value: &str) {
    if is_plain(value.as_bytes()) {
        return plain(out, name, value);
    }
    out.extend_from_slice(name.as_bytes());
    escaped(out, value.as_bytes());
    out.push(b'"');
}

fn plain(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(value.as_bytes());
    out.push(b'"');
}

/// One pass that the compiler makes wide, since hardly any text has something to escape.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    !bytes
        .iter()
        .fold(false, |found, &byte| found | is_special(byte))
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// RFC 8259 §7.
fn escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            // Writing to a vector does not fail.
            0..0x20 => drop(write!(out, "\\u{byte:04x}")),
            _ => out.push(byte),
        }
    }
}

fn address(out: &mut Vec<u8>, name: &str, address: IpAddr) {
    out.extend_from_slice(name.as_bytes());
    match address {
        IpAddr::V4(address) => {
            for (place, octet) in address.octets().into_iter().enumerate() {
                if place > 0 {
                    out.push(b'.');
                }
                out.extend_from_slice(itoa::Buffer::new().format(octet).as_bytes());
            }
        }
        IpAddr::V6(address) => drop(write!(out, "{address}")),
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &Line<'_>) {
        let serde = serde_json::to_string(line).unwrap() + "\n";
        let mut ways = vec![Texts::Any];
        if Texts::of(line.record.target.as_bytes()) == Texts::Plain {
            ways.push(Texts::Plain);
        }
        for texts in ways {
            let mut out = Vec::new();
            line.write(texts, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), serde);
        }
    }

    #[test]
    fn a_line_is_what_serde_would_write() {
        let every = ('\0'..='\x7f').chain("é\u{1F4DA}".chars());
        let texts: Vec<String> = every.map(|one| format!("a{one}b")).collect();
        for text in texts.iter().map(String::as_str).chain(["", "plain"]) {
            for client in [
                "192.0.2.1",
                "0.10.200.255",
                "::",
                "2001:db8::1",
                "::ffff:192.0.2.1",
            ] {
                check(&Line {
                    generation: 3,
                    seq: u64::MAX,
                    dropped: text.len() as u64 % 2,
                    record: whole(text, client.parse().unwrap()),
                });
            }
        }
    }

    fn whole(text: &str, client: IpAddr) -> Record<'_> {
        Record {
            time: text.into(),
            id: text.into(),
            client,
            scheme: text.into(),
            protocol: text.into(),
            method: text.into(),
            host: text.into(),
            target: text.into(),
            status: 200,
            bytes_in: 0,
            bytes_out: 12,
            duration_us: text.len() as u64,
            site: text.into(),
            upstream: text.into(),
            attempts: u8::try_from(text.len()).unwrap(),
            cause: text.into(),
            limit: text.into(),
            limit_ms: u32::try_from(text.len()).unwrap(),
            agent: text.into(),
            referer: text.into(),
        }
    }
}
