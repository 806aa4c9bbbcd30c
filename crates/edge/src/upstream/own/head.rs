//! The head of an answer: read once for everybody, and refused where two readers could understand two things.

use std::mem::MaybeUninit;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use httparse::ParserConfig;

/// A head is at most so long, and has at most so many headers.
pub(crate) const MOST_BYTES: usize = 64 * 1024 - 1;
pub(crate) const MOST_HEADERS: usize = 100;
/// Made at once for the headers that the edge adds: a map that grows is put together anew.
const ROOM: usize = 9;

/// What can't be understood, or could be understood in more than one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// A line ends with a line feed alone. RFC 9112 §2.2 lets a reader take it, so that two may differ.
    LineEnd,
    Unclear,
}

/// Where an answer's body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
    /// With the connection.
    Close,
}

/// A head as it was read.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    /// The status in other words than the usual ones.
    pub(crate) reason: Option<Bytes>,
    pub(crate) headers: HeaderMap,
    pub(crate) framing: Framing,
    /// Whether the target is ready for another request afterwards.
    pub(crate) persists: bool,
}

/// Where a header stands in its head: the start and the length of its name and of its value.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    name: (u16, u16),
    value: (u16, u16),
}

/// What the status line says.
struct Line {
    is_http11: bool,
    status: u16,
    reason: (u16, u16),
    head_bytes: usize,
    count: usize,
}

/// What the headers say about the body and the connection.
#[derive(Default)]
struct Said {
    length: Option<u64>,
    /// How often it is said.
    lengths: usize,
    is_chunked: bool,
    closes: bool,
    keeps: bool,
}

/// Takes a whole head out of the input; `None` while its end has not come. `is_bodiless` says that answers to this
/// request have no body, whatever they say of one; `spare` is an empty map that is used up.
pub(crate) fn read(
    input: &mut BytesMut,
    is_bodiless: bool,
    spare: &mut HeaderMap,
) -> Result<Option<Head>, Malformed> {
    let mut places = [Place::default(); MOST_HEADERS];
    let Some(line) = parse(input, &mut places)? else {
        return if input.len() < MOST_BYTES {
            Ok(None)
        } else {
            Err(Malformed::Unclear)
        };
    };
    let bytes = input.split_to(line.head_bytes).freeze();
    if !has_whole_line_ends(&bytes, &places[..line.count]) {
        return Err(Malformed::LineEnd);
    }
    let mut headers = std::mem::take(spare);
    headers.reserve(line.count + ROOM);
    let mut said = Said::default();
    for place in &places[..line.count] {
        let name =
            HeaderName::from_bytes(&bytes[range(place.name)]).map_err(|_| Malformed::Unclear)?;
        let value = HeaderValue::from_maybe_shared(bytes.slice(range(place.value)));
        let value = value.map_err(|_| Malformed::Unclear)?;
        said.note(&name, &value)?;
        headers.append(name, value);
    }
    if let Some(length) = said.length.filter(|_| said.lengths > 1) {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    let status = StatusCode::from_u16(line.status).map_err(|_| Malformed::Unclear)?;
    let framing = said.framing(&line, status, is_bodiless)?;
    let said_reason = &bytes[range(line.reason)];
    let is_usual = status.canonical_reason().map(str::as_bytes) == Some(said_reason);
    Ok(Some(Head {
        status,
        reason: (!is_usual).then(|| bytes.slice(range(line.reason))),
        headers,
        framing,
        persists: framing != Framing::Close && said.persists(&line, status),
    }))
}

fn parse(input: &[u8], places: &mut [Place; MOST_HEADERS]) -> Result<Option<Line>, Malformed> {
    let seen = &input[..input.len().min(MOST_BYTES)];
    let mut slots = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut parsed = httparse::Response::new(&mut []);
    let parsing =
        ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, seen, &mut slots);
    let httparse::Status::Complete(head_bytes) = parsing.map_err(|_| Malformed::Unclear)? else {
        return Ok(None);
    };
    for (place, header) in places.iter_mut().zip(parsed.headers.iter()) {
        place.name = locate(header.name.as_bytes(), seen)?;
        place.value = locate(header.value, seen)?;
    }
    Ok(Some(Line {
        is_http11: parsed.version == Some(1),
        status: parsed.code.ok_or(Malformed::Unclear)?,
        reason: locate(parsed.reason.unwrap_or_default().as_bytes(), seen)?,
        head_bytes,
        count: parsed.headers.len(),
    }))
}

/// Whether every line of a head ends with both signs. It looks only where lines begin, which is after the line before.
fn has_whole_line_ends(head: &[u8], places: &[Place]) -> bool {
    if head.first() != Some(&b'H') {
        // Empty lines stand in front.
        return !has_bare_line_feed(head);
    }
    let mut begins = places.iter().map(|place| usize::from(place.name.0));
    head.ends_with(b"\r\n\r\n") && begins.all(|begin| head[..begin].ends_with(b"\r\n"))
}

/// Whether a line ends with a line feed alone.
pub(super) fn has_bare_line_feed(lines: &[u8]) -> bool {
    let pairs = lines.iter().zip(lines.iter().skip(1));
    let mut ends = pairs.filter(|&(_, &byte)| byte == b'\n');
    lines.first() == Some(&b'\n') || ends.any(|(&before, _)| before != b'\r')
}

/// Where a part of the whole stands in it. What is empty stands nowhere.
fn locate(part: &[u8], whole: &[u8]) -> Result<(u16, u16), Malformed> {
    if part.is_empty() {
        return Ok((0, 0));
    }
    let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    let start = u16::try_from(start).map_err(|_| Malformed::Unclear)?;
    let length = u16::try_from(part.len()).map_err(|_| Malformed::Unclear)?;
    Ok((start, length))
}

fn range((start, length): (u16, u16)) -> std::ops::Range<usize> {
    let start = usize::from(start);
    start..start + usize::from(length)
}

impl Said {
    fn note(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<(), Malformed> {
        match *name {
            CONTENT_LENGTH => self.measures(value.as_bytes()),
            TRANSFER_ENCODING => {
                let is_plain = value.as_bytes().eq_ignore_ascii_case(b"chunked");
                let is_first = !std::mem::replace(&mut self.is_chunked, true);
                (is_plain && is_first)
                    .then_some(())
                    .ok_or(Malformed::Unclear)
            }
            CONNECTION => {
                for word in value.as_bytes().split(|&byte| byte == b',') {
                    let word = word.trim_ascii();
                    self.closes |= word.eq_ignore_ascii_case(b"close");
                    self.keeps |= word.eq_ignore_ascii_case(b"keep-alive");
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A length may be said again, and be the same.
    fn measures(&mut self, value: &[u8]) -> Result<(), Malformed> {
        for member in value.split(|&byte| byte == b',') {
            let length = number(member.trim_ascii())?;
            self.lengths += 1;
            if *self.length.get_or_insert(length) != length {
                return Err(Malformed::Unclear);
            }
        }
        Ok(())
    }

    /// RFC 9112 §6.3, without what its readers disagree on.
    fn framing(
        &self,
        line: &Line,
        status: StatusCode,
        is_bodiless: bool,
    ) -> Result<Framing, Malformed> {
        if self.is_chunked && (self.length.is_some() || !line.is_http11) {
            return Err(Malformed::Unclear);
        }
        let has_none = is_bodiless
            || status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        Ok(match self.length {
            _ if has_none => Framing::Length(0),
            Some(length) => Framing::Length(length),
            None if self.is_chunked => Framing::Chunked,
            None => Framing::Close,
        })
    }

    fn persists(&self, line: &Line, status: StatusCode) -> bool {
        let is_asked = line.is_http11 || self.keeps;
        is_asked && !self.closes && status != StatusCode::SWITCHING_PROTOCOLS
    }
}

/// Digits and nothing else.
fn number(digits: &[u8]) -> Result<u64, Malformed> {
    if digits.is_empty() {
        return Err(Malformed::Unclear);
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'));
        let next = number.checked_mul(10).zip(digit);
        let next = next.and_then(|(tens, digit)| tens.checked_add(digit));
        next.ok_or(Malformed::Unclear)
    })
}

#[cfg(test)]
mod tests;
