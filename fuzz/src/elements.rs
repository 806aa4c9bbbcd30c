//! A plain reading of `Forwarded`: cut at what stands outside quotes, then looked at piece by piece.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address of each element in all lines, and whether the last one tells of encryption. A line that is no list of
/// elements is one element without an address.
pub(crate) fn read<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
) -> (Vec<Option<IpAddr>>, Option<bool>) {
    let (mut addresses, mut is_secure) = (Vec::new(), None);
    for line in lines {
        let elements: Option<Vec<_>> = cut(line, b',').into_iter().map(element).collect();
        let elements = elements.unwrap_or(vec![(None, None)]);
        is_secure = elements.last().and_then(|(_, is_secure)| *is_secure);
        addresses.extend(elements.into_iter().map(|(address, _)| address));
    }
    (addresses, is_secure)
}

/// The parts between separators that stand outside quotes.
fn cut(text: &[u8], separator: u8) -> Vec<Vec<u8>> {
    let (mut parts, mut is_quoted, mut is_escaped) = (vec![Vec::new()], false, false);
    for &byte in text {
        if byte == separator && !is_quoted {
            parts.push(Vec::new());
            continue;
        }
        let toggles = byte == b'"' && !is_escaped;
        is_escaped = is_quoted && byte == b'\\' && !is_escaped;
        is_quoted ^= toggles;
        parts.last_mut().expect("there is one").push(byte);
    }
    parts
}

fn element(text: Vec<u8>) -> Option<(Option<IpAddr>, Option<bool>)> {
    let mut known: Vec<(String, Vec<u8>)> = Vec::new();
    for pair in cut(&text, b';') {
        let pair = trimmed(&pair);
        if pair.is_empty() {
            continue;
        }
        let end = pair.iter().position(|&byte| byte == b'=')?;
        let name = String::from_utf8(pair[..end].to_vec()).ok()?;
        let name = name.to_ascii_lowercase();
        if !is_token(name.as_bytes()) || known.iter().any(|(other, _)| *other == name) {
            return None;
        }
        known.push((name, value(&pair[end + 1..])?));
    }
    let find = |wanted: &str| known.iter().find(|(name, _)| name == wanted);
    let address = find("for").and_then(|(_, node)| address(std::str::from_utf8(node).ok()?));
    let is_secure = find("proto").map(|(_, proto)| proto.eq_ignore_ascii_case(b"https"));
    Some((address, is_secure))
}

fn trimmed(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = text.iter().take_while(|byte| is_blank(byte)).count();
    let end = text[start..].iter().rev().take_while(|byte| is_blank(byte));
    &text[start..text.len() - end.count()]
}

fn is_token(text: &[u8]) -> bool {
    let is_sign = |byte: u8| "!#$%&'*+-.^_`|~".contains(char::from(byte));
    !text.is_empty()
        && text
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || is_sign(byte))
}

fn value(text: &[u8]) -> Option<Vec<u8>> {
    if is_token(text) {
        return Some(text.to_vec());
    }
    let inner = text.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let (mut value, mut is_escaped) = (Vec::new(), false);
    for &byte in inner {
        match byte {
            b'\\' if !is_escaped => is_escaped = true,
            b'"' if !is_escaped => return None,
            byte if byte == 0x7f || byte < b' ' && byte != b'\t' => return None,
            byte => {
                value.push(byte);
                is_escaped = false;
            }
        }
    }
    (!is_escaped).then_some(value)
}

fn address(node: &str) -> Option<IpAddr> {
    let (address, port) = match node.rfind(']') {
        Some(end) => {
            let inner = node[..end].strip_prefix('[')?;
            (
                IpAddr::V6(inner.parse::<Ipv6Addr>().ok()?),
                &node[end + 1..],
            )
        }
        None => {
            let (address, port) = match node.find(':') {
                Some(colon) => node.split_at(colon),
                None => (node, ""),
            };
            (IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), port)
        }
    };
    let is_number = |port: &str| {
        let count = port.chars().filter(char::is_ascii_digit).count();
        count == port.len() && (1..6).contains(&count)
    };
    let is_name = |port: &str| {
        port.starts_with('_')
            && port.len() > 1
            && port
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || "._-".contains(one))
    };
    let is_good = match port.strip_prefix(':') {
        Some(port) => is_number(port) || is_name(port),
        None => port.is_empty(),
    };
    is_good.then(|| address.to_canonical())
}
