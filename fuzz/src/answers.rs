//! Answers of targets: read the same in whatever pieces they come, and understood once written again.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use crate::chunks::{Chunks, Piece};
use crate::head::{self, Framing, Head, MOST_HEADERS};

/// The first byte says in what pieces the others come.
pub fn read(bytes: &[u8]) {
    let Some((step, text)) = bytes.split_first() else {
        return;
    };
    let step = usize::from(*step).max(1);
    let mut input = BytesMut::from(text);
    let whole = head::read(&mut input, false, &mut HeaderMap::new());
    let (piecewise, seen) = in_pieces(text, step);
    assert_eq!(shown(&whole), shown(&piecewise));
    let Ok(Some(head)) = whole else { return };
    assert!(text.ends_with(&input) && seen >= text.len() - input.len());
    let lines = &text[..text.len() - input.len()];
    let ends = lines.iter().filter(|&&byte| byte == b'\n').count();
    let whole_ends = lines.windows(2).filter(|end| end == b"\r\n").count();
    assert_eq!(ends, whole_ends, "a line feed alone ends a line");
    has_one_meaning(&head);
    if head.framing == Framing::Chunked {
        let whole = body(&input, input.len().max(1));
        assert_eq!(whole, body(&input, step));
        if let Some((body, _, left)) = whole {
            assert!(body.len() + left <= input.len());
        }
    }
}

/// The head as it is read when so many bytes of the text come at a time, and how many came.
fn in_pieces(text: &[u8], step: usize) -> (Result<Option<Head>, head::Malformed>, usize) {
    let (mut input, mut seen) = (BytesMut::new(), 0);
    for part in text.chunks(step) {
        input.extend_from_slice(part);
        seen += part.len();
        match head::read(&mut input, false, &mut HeaderMap::new()) {
            Ok(None) => {}
            outcome => return (outcome, seen),
        }
    }
    (Ok(None), seen)
}

/// What counts of a head, so that two can be compared.
type Shown<'a> = Option<Option<(u16, &'a HeaderMap, &'a Option<Bytes>, Framing, bool)>>;

fn shown(read: &Result<Option<Head>, head::Malformed>) -> Shown<'_> {
    let head = read.as_ref().ok()?.as_ref();
    Some(head.map(|head| {
        let status = head.status.as_u16();
        (status, &head.headers, &head.reason, head.framing, head.persists)
    }))
}

/// Whoever reads it as we write it to a client finds the same end of the body.
fn has_one_meaning(head: &Head) {
    assert!(head.headers.len() <= MOST_HEADERS);
    let lengths = head.headers.get_all(CONTENT_LENGTH).iter().count();
    let codings = head.headers.get_all(TRANSFER_ENCODING).iter().count();
    assert!(lengths + codings <= 1);
    let mut text = BytesMut::from(format!("HTTP/1.1 {}\r\n", head.status.as_u16()).as_bytes());
    for (name, value) in &head.headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"\r\n");
    let again = head::read(&mut text, false, &mut HeaderMap::new());
    let again = again.expect("a head").expect("a whole head");
    // A version that knows no kept connections is not written again.
    assert_eq!((again.framing, &again.headers), (head.framing, &head.headers));
}

/// The body of these bytes and its trailers, when so many come at a time, and how many follow it.
fn body(text: &[u8], step: usize) -> Option<(Vec<u8>, Option<HeaderMap>, usize)> {
    let (mut chunks, mut input) = (Chunks::default(), BytesMut::new());
    let (mut body, mut trailers) = (Vec::new(), None);
    let mut parts = text.chunks(step);
    loop {
        match chunks.next(&mut input).ok()? {
            Some(Piece::Data(data)) => body.extend_from_slice(&data),
            Some(Piece::Trailers(found)) => trailers = Some(found),
            Some(Piece::End) => {
                let left = input.len() + parts.map(<[u8]>::len).sum::<usize>();
                return Some((body, trailers, left));
            }
            None => input.extend_from_slice(parts.next()?),
        }
    }
}
