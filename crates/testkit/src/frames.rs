//! HTTP/2 frames written by hand (RFC 9113 §4.1), so that a client can send what no library would.

/// What an HTTP/2 client says before everything else.
pub const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Kinds of frames.
pub const DATA: u8 = 0;
/// Begins a request, or ends one with trailers.
pub const HEADERS: u8 = 1;
/// Says how important a stream is.
pub const PRIORITY: u8 = 2;
/// Ends a stream at once.
pub const RESET: u8 = 3;
/// Says what a peer may do.
pub const SETTINGS: u8 = 4;
/// Asks for an answer.
pub const PING: u8 = 6;
/// Ends a connection.
pub const GOAWAY: u8 = 7;
/// Allows more data.
pub const WINDOW_UPDATE: u8 = 8;
/// Continues a block of headers.
pub const CONTINUATION: u8 = 9;

/// Flags of HEADERS, CONTINUATION and DATA.
pub const END_STREAM: u8 = 1;
/// The block of headers is complete.
pub const END_HEADERS: u8 = 4;
/// The payload begins with the length of its padding.
pub const PADDED: u8 = 8;

/// One frame; its payload is shorter than 16 MiB.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a payload of a frame");
    [
        &length.to_be_bytes()[1..],
        &[kind, flags],
        &stream.to_be_bytes(),
        payload,
    ]
    .concat()
}

/// A header block in literals without indexing; names and values are shorter than 127 bytes.
pub fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in headers {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).expect("a short text"));
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// One entry of SETTINGS.
pub fn setting(id: u16, value: u32) -> Vec<u8> {
    [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
}
