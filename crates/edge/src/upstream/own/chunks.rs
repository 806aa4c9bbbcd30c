//! A chunked body (RFC 9112 §7.1), put together again as it arrives.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::head::{MOST_HEADERS, Malformed, has_bare_line_feed};

/// A line with a size is at most so long, and so are all that sizes are followed by together, and the trailers.
const MOST_LINE: usize = 4 * 1024;
const MOST_EXTRA: usize = 16 * 1024;
/// Digits of a size that fit a number.
const MOST_DIGITS: usize = 16;

/// How far the body has been read.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    state: State,
    /// Bytes that followed sizes so far, and mean nothing to us.
    extra: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Size,
    /// So much of a chunk is missing.
    Data(u64),
    /// A chunk's line end.
    Gap,
    Trailers,
    Done,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Data(Bytes),
    Trailers(HeaderMap),
    End,
}

impl Chunks {
    /// Whether the end has been read.
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes the next piece out of the input; `None` when more must be read first.
    pub(crate) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Piece>, Malformed> {
        loop {
            self.close_gap(input)?;
            match self.state {
                State::Size => match self.size(input)? {
                    None => return Ok(None),
                    Some(0) => self.state = State::Trailers,
                    Some(size) => self.state = State::Data(size),
                },
                State::Data(_) if input.is_empty() => return Ok(None),
                State::Data(left) => return self.data(left, input).map(Some),
                State::Gap => return Ok(None),
                State::Trailers => return self.trailers(input),
                State::Done => return Ok(Some(Piece::End)),
            }
        }
    }

    fn data(&mut self, left: u64, input: &mut BytesMut) -> Result<Piece, Malformed> {
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let part = input.split_to(input.len().min(most)).freeze();
        let left = left - part.len() as u64;
        self.state = State::Data(left);
        if left == 0 {
            self.state = State::Gap;
            // Often the rest is here already, and tells the reader that there is no more.
            self.close_gap(input)?;
        }
        Ok(Piece::Data(part))
    }

    /// Reads the end of a chunk, and that of a body without trailers, as far as they are here.
    fn close_gap(&mut self, input: &mut BytesMut) -> Result<(), Malformed> {
        const LAST: &[u8] = b"\r\n0\r\n\r\n";
        if self.state != State::Gap {
            return Ok(());
        }
        if input.starts_with(LAST) {
            drop(input.split_to(LAST.len()));
            self.state = State::Done;
            return Ok(());
        }
        let seen = input.len().min(2);
        if input[..seen] != b"\r\n"[..seen] {
            return Err(Malformed::Unclear);
        }
        if seen == 2 {
            drop(input.split_to(2));
            self.state = State::Size;
        }
        Ok(())
    }

    fn size(&mut self, input: &mut BytesMut) -> Result<Option<u64>, Malformed> {
        let seen = &input[..input.len().min(MOST_LINE)];
        let Some(end) = seen.iter().position(|&byte| byte == b'\n') else {
            return if seen.len() < MOST_LINE {
                Ok(None)
            } else {
                Err(Malformed::Unclear)
            };
        };
        let line = input.split_to(end + 1);
        let line = line.strip_suffix(b"\r\n").ok_or(Malformed::Unclear)?;
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit());
        let (digits, extra) = line.split_at(digits.count());
        self.extra += extra.len();
        let ends_well = is_extension(extra) && self.extra <= MOST_EXTRA;
        if digits.is_empty() || digits.len() > MOST_DIGITS || !ends_well {
            return Err(Malformed::Unclear);
        }
        let digits = std::str::from_utf8(digits).map_err(|_| Malformed::Unclear)?;
        u64::from_str_radix(digits, 16)
            .map(Some)
            .map_err(|_| Malformed::Unclear)
    }

    fn trailers(&mut self, input: &mut BytesMut) -> Result<Option<Piece>, Malformed> {
        if input.starts_with(b"\r\n") {
            drop(input.split_to(2));
            self.state = State::Done;
            return Ok(Some(Piece::End));
        }
        let seen = &input[..input.len().min(MOST_EXTRA)];
        let Some(end) = seen.windows(4).position(|part| part == b"\r\n\r\n") else {
            return if seen.len() < MOST_EXTRA {
                Ok(None)
            } else {
                Err(Malformed::Unclear)
            };
        };
        let section = input.split_to(end + 4).freeze();
        self.state = State::Done;
        read_trailers(&section).map(|trailers| Some(Piece::Trailers(trailers)))
    }
}

/// Nothing, blanks, or something after a semicolon; no line end that somebody else may see.
fn is_extension(extra: &[u8]) -> bool {
    let rest = extra.trim_ascii_start();
    (rest.is_empty() || rest[0] == b';') && !extra.contains(&b'\r')
}

fn read_trailers(section: &Bytes) -> Result<HeaderMap, Malformed> {
    if has_bare_line_feed(section) {
        return Err(Malformed::LineEnd);
    }
    let mut slots = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let parsed = httparse::parse_headers(section, &mut slots).map_err(|_| Malformed::Unclear)?;
    let httparse::Status::Complete((length, fields)) = parsed else {
        return Err(Malformed::Unclear);
    };
    if length != section.len() {
        return Err(Malformed::Unclear);
    }
    let mut trailers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| Malformed::Unclear)?;
        let value = HeaderValue::from_bytes(field.value).map_err(|_| Malformed::Unclear)?;
        trailers.append(name, value);
    }
    Ok(trailers)
}

#[cfg(test)]
mod tests;
