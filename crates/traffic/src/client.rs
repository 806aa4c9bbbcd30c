//! Who sent a request, as the edge found out; it travels with the request as an extension.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The client of one request. Only the edge, or a listener that trusts its edge, makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The address that limits, sessions and the audit trail go by.
    pub address: IpAddr,
    /// Whether the client's own connection was encrypted.
    pub secure: bool,
    /// The name of this request in logs, answers and the audit trail.
    pub request_id: RequestId,
}

/// A request's name: 128 bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId(pub u128);

impl RequestId {
    /// Reads the written form; anything else is no request id.
    pub fn parse(text: &str) -> Option<Self> {
        let is_plain = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_plain
            .then(|| u128::from_str_radix(text, 16).ok().map(Self))
            .flatten()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key under which an address is limited: a whole IPv4 address, or an IPv6 /64, which is
/// what one subscriber is given. IPv4 mapped into IPv6 counts as IPv4.
pub fn limit_key(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => Ipv6Addr::to_bits(v6) & (u128::MAX << 64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_read_back_as_written() {
        let id = RequestId(0x0123_4567_89ab_cdef);
        assert_eq!(RequestId::parse(&id.to_string()), Some(id));
        assert_eq!(RequestId::parse("+0000000000000000000000000000001"), None);
        assert_eq!(RequestId::parse("1"), None);
    }

    #[test]
    fn one_subscribers_ipv6_addresses_share_a_key() {
        let key = |text: &str| limit_key(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
