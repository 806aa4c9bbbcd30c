//! Chunked bodies: whole, in pieces, and malformed.

use proptest::prelude::*;

use super::*;

/// Everything that a body says, when so many bytes of it arrive at a time.
fn read(text: &[u8], step: usize) -> Result<(Vec<u8>, Option<HeaderMap>, usize), Malformed> {
    let (mut chunks, mut input) = (Chunks::default(), BytesMut::new());
    let (mut body, mut trailers) = (Vec::new(), None);
    let mut parts = text.chunks(step);
    loop {
        match chunks.next(&mut input)? {
            Some(Piece::Data(data)) => body.extend_from_slice(&data),
            Some(Piece::Trailers(found)) => trailers = Some(found),
            Some(Piece::End) => {
                assert!(chunks.is_done());
                let left = input.len() + parts.map(<[u8]>::len).sum::<usize>();
                return Ok((body, trailers, left));
            }
            // The end that never came is an error of the connection's.
            None => input.extend_from_slice(parts.next().ok_or(Malformed::Unclear)?),
        }
    }
}

#[test]
fn a_body_is_put_together_whatever_the_pieces_it_comes_in() {
    let text = b"5;x=\"y\"\r\nhello\r\n0A \r\n, world!\r\n\r\n000\r\ngrpc-status: 0\r\nx: y\r\n\r\nHTTP/1.1";
    for step in 1..text.len() {
        let (body, trailers, left) = read(text, step).unwrap();
        assert_eq!(body, b"hello, world!\r\n");
        assert_eq!(trailers.unwrap()["grpc-status"], "0");
        assert_eq!(left, 8);
    }
    assert_eq!(read(b"0\r\n\r\n", 1).unwrap(), (Vec::new(), None, 0));
}

#[test]
fn the_end_is_known_with_the_last_part_when_it_has_come() {
    let (mut chunks, mut input) = (
        Chunks::default(),
        BytesMut::from(&b"2\r\nhi\r\n0\r\n\r\n"[..]),
    );
    let piece = chunks.next(&mut input).unwrap();
    assert_eq!(piece, Some(Piece::Data(Bytes::from_static(b"hi"))));
    assert!(chunks.is_done() && input.is_empty());
}

#[test]
fn what_another_reader_may_take_for_something_else_is_refused() {
    let long = format!("1;{}\r\nx\r\n0\r\n\r\n", "x".repeat(MOST_LINE));
    let many = format!("1;{}\r\nx\r\n", "x".repeat(1000)).repeat(17);
    let endless = format!("0\r\nx: {}\r\n\r\n", "x".repeat(MOST_EXTRA));
    let numerous = format!("0\r\n{}\r\n", "x: y\r\n".repeat(MOST_HEADERS + 1));
    for text in [
        "\r\n",
        "x\r\n",
        "+1\r\nx\r\n0\r\n\r\n",
        "-1\r\nx\r\n0\r\n\r\n",
        " 1\r\nx\r\n0\r\n\r\n",
        "0x1\r\nx\r\n0\r\n\r\n",
        "1_0\r\nx\r\n0\r\n\r\n",
        "1 0\r\nx\r\n0\r\n\r\n",
        "1,0\r\nx\r\n0\r\n\r\n",
        "10000000000000000\r\n",
        "1\nx\r\n0\r\n\r\n",
        "1\r\r\nx\r\n0\r\n\r\n",
        "1;a\rb\r\nx\r\n0\r\n\r\n",
        "1\r\nxy\r\n0\r\n\r\n",
        "1\r\nx\n0\r\n\r\n",
        "1\r\nx0\r\n\r\n",
        "0\r\nx y\r\n\r\n",
        "0\r\n: x\r\n\r\n",
        "0\r\nx: y\r\n z\r\n\r\n",
        "0\r\nx: y\ny: z\r\n\r\n",
        "0\r\n\nx: y\r\n\r\n",
        &long,
        &many,
        &endless,
        &numerous,
    ] {
        for step in [1, 7, text.len()] {
            assert!(read(text.as_bytes(), step).is_err(), "{text:.40?}");
        }
    }
}

proptest! {
    #[test]
    fn what_is_cut_into_chunks_is_read_as_it_was(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..10),
        step in 1_usize..64,
    ) {
        let mut text = Vec::new();
        for part in &parts {
            text.extend(format!("{:X}\r\n", part.len()).into_bytes());
            text.extend(part);
            text.extend(b"\r\n");
        }
        text.extend(b"0\r\n\r\nrest");
        let (body, trailers, left) = read(&text, step).unwrap();
        prop_assert_eq!(body, parts.concat());
        prop_assert_eq!((trailers, left), (None, 4));
    }

    #[test]
    fn how_a_body_is_cut_on_its_way_changes_nothing(text in "[0-9a-f;x \r\n]{0,60}", step in 1_usize..16) {
        let text = text.as_bytes();
        prop_assert_eq!(read(text, step), read(text, text.len().max(1)));
    }
}
