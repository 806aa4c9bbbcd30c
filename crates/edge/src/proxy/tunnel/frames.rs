//! Where WebSocket frames end (RFC 6455 §5.2), so that a frame of the edge's own never falls into another.

/// The largest head: two bytes, a length of eight and a mask of four.
const HEAD: usize = 14;
const CLOSE: u8 = 8;

/// Follows one direction of a WebSocket.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; HEAD],
    /// How much of a head is there.
    have: usize,
    /// What is left of the frame's payload.
    payload: u64,
    has_closed: bool,
}

impl Frames {
    pub(super) fn advance(&mut self, mut bytes: &[u8]) {
        while let Some((&first, after)) = bytes.split_first() {
            if self.payload > 0 {
                let here = self.payload.min(bytes.len() as u64);
                self.payload -= here;
                bytes = &bytes[usize::try_from(here).unwrap_or(bytes.len())..];
                continue;
            }
            self.head[self.have] = first;
            self.have += 1;
            bytes = after;
            if self.have == self.length() {
                self.has_closed |= self.head[0] & 0x0f == CLOSE;
                self.payload = self.stated();
                self.have = 0;
            }
        }
    }

    /// How many bytes surely belong to the frame that has begun; 0 between two frames.
    pub(super) fn rest(&self) -> u64 {
        if self.have > 0 {
            (self.length() - self.have) as u64
        } else {
            self.payload
        }
    }

    /// Whether the sender has taken its leave.
    pub(super) fn has_closed(&self) -> bool {
        self.has_closed
    }

    /// The length of the head, as far as it is known.
    fn length(&self) -> usize {
        if self.have < 2 {
            return 2;
        }
        let extended = match self.head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + extended + if self.head[1] & 0x80 == 0 { 0 } else { 4 }
    }

    fn stated(&self) -> u64 {
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
        };
        match self.head[1] & 0x7f {
            126 => number(&self.head[2..4]),
            127 => number(&self.head[2..10]),
            short => u64::from(short),
        }
    }
}

/// "Going away" (1001) from a server.
pub(super) const LEAVE_TO_CLIENT: &[u8] = &[0x88, 2, 0x03, 0xe9];

/// The same from a client, which masks all that it sends.
pub(super) fn leave_to_target() -> [u8; 8] {
    // Without random numbers there is no TLS either, and what is masked here is no secret.
    let mask = getrandom::u32().unwrap_or_default().to_be_bytes();
    let [a, b, c, d] = mask;
    [0x88, 0x82, a, b, c, d, 0x03 ^ a, 0xe9 ^ b]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, length: usize, is_masked: bool) -> Vec<u8> {
        let mask = if is_masked { 0x80 } else { 0 };
        let mut frame = vec![0x80 | opcode];
        match length {
            0..126 => frame.push(mask + u8::try_from(length).unwrap()),
            126..65_536 => {
                frame.push(mask + 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(mask + 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        if is_masked {
            frame.extend([1, 2, 3, 4]);
        }
        frame.extend(std::iter::repeat_n(0x88, length));
        frame
    }

    /// Follows a frame in parts of this length.
    fn check(bytes: &[u8], part: usize) {
        let (mut frames, mut passed) = (Frames::default(), 0);
        for piece in bytes.chunks(part) {
            assert!(passed == 0 || frames.rest() > 0);
            frames.advance(piece);
            passed += piece.len();
            assert!(frames.rest() <= (bytes.len() - passed) as u64);
        }
        assert_eq!((frames.rest(), frames.has_closed()), (0, false));
    }

    #[test]
    fn a_frame_ends_where_its_length_says_however_it_is_cut() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let (own, masked) = (frame(2, length, false), frame(2, length, true));
            for part in [1, 3, 1000, masked.len()] {
                check(&own, part);
                check(&masked, part);
            }
        }
    }

    #[test]
    fn a_close_frame_is_seen_among_others() {
        let mut frames = Frames::default();
        let both = [frame(1, 5, true), frame(8, 2, true)].concat();
        frames.advance(&both[..both.len() - 1]);
        assert_eq!((frames.rest(), frames.has_closed()), (1, true));
    }

    #[test]
    fn our_own_frames_are_whole() {
        for own in [LEAVE_TO_CLIENT, &leave_to_target()] {
            let mut frames = Frames::default();
            frames.advance(own);
            assert_eq!((frames.rest(), frames.has_closed()), (0, true));
        }
        let [_, _, a, b, _, _, x, y] = leave_to_target();
        assert_eq!(u16::from_be_bytes([a ^ x, b ^ y]), 1001);
    }
}
