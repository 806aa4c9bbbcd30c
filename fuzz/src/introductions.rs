//! PROXY headers: read alike however they arrive, within bounds, whatever follows.

use crate::proxy_protocol::{MOST, Parsed, Said, parse};

/// Reads the bytes as a connection's first ones.
pub fn read(bytes: &[u8]) {
    let whole = parse(bytes);
    match whole {
        Ok(Parsed::Incomplete) => assert!(bytes.len() < MOST, "a header without end"),
        Ok(Parsed::Complete { said, length }) => {
            assert!(length <= bytes.len().min(MOST), "a header beyond its bytes");
            assert_eq!(parse(&bytes[..length]), whole, "what follows was looked at");
            if let Said::Client(address) = said {
                assert_eq!(address, address.to_canonical(), "IPv4 as IPv6");
            }
        }
        Err(_) => {}
    }
    for end in 0..bytes.len().min(600) {
        arrives_so_far(bytes, end);
    }
}

/// A beginning says the same as the whole, or that more must come.
fn arrives_so_far(bytes: &[u8], end: usize) {
    match (parse(&bytes[..end]), parse(bytes)) {
        (Ok(Parsed::Incomplete), Ok(Parsed::Complete { length, .. })) => assert!(end < length),
        (Ok(Parsed::Incomplete), _) => {}
        (early, late) => assert_eq!(early, late, "after {end} bytes"),
    }
}
