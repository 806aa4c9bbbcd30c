//! Who asks: the other end of the connection, or whom trusted proxies name.

use std::net::IpAddr;

use http::request::Parts;
use traffic::{Client, RequestId};

use crate::config::TrustedHeader;
use crate::forwarded;
use crate::hops;
use crate::link::Link;
use crate::rules::Rules;

pub(super) fn of(link: &Link, rules: &Rules, head: &Parts) -> Client {
    let own = || link.desk.ids.next();
    if !link.is_trusted {
        return Client {
            address: link.peer,
            secure: link.is_secure(),
            request_id: own(),
        };
    }
    let trusts = |address: IpAddr| rules.trusts(address);
    let headers = &head.headers;
    let (address, is_secure) = match rules.config.trusted_header {
        TrustedHeader::XForwardedFor => (
            forwarded::client(link.peer, headers, trusts),
            forwarded::is_secure(headers),
        ),
        TrustedHeader::Forwarded => (
            hops::client(link.peer, headers, trusts),
            hops::is_secure(headers),
        ),
    };
    let stated = headers.get("x-request-id");
    let stated = stated.and_then(|value| RequestId::parse(value.to_str().ok()?));
    Client {
        address,
        secure: is_secure.unwrap_or(link.is_secure()),
        request_id: stated.unwrap_or_else(own),
    }
}
