//! Where a target is, as its URL says.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use http::Uri;

/// A target's scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) is_tls: bool,
    pub(crate) host: Host,
    pub(crate) port: u16,
}

/// An address, or a name that may stand for many.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    Ip(IpAddr),
    /// In lower case.
    Name(Box<str>),
}

/// Why a text is no target's URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no target: write `http://` or `https://`, a name or an address, and a port if it is not the usual one, without a path"
)]
pub(crate) struct InvalidAddress(String);

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        parse(text).ok_or_else(|| InvalidAddress(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Address> {
    let uri: Uri = text.parse().ok()?;
    let is_tls = match uri.scheme_str()? {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let authority = uri.authority()?.as_str();
    let is_bare = uri.path_and_query().is_none_or(|path| path == "/");
    if !is_bare || authority.contains('@') || text.contains('#') {
        return None;
    }
    let port = match authority.strip_prefix(uri.host()?)? {
        "" if is_tls => 443,
        "" => 80,
        port => port
            .strip_prefix(':')?
            .parse()
            .ok()
            .filter(|port| *port > 0)?,
    };
    Some(Address {
        is_tls,
        host: host(uri.host()?)?,
        port,
    })
}

fn host(text: &str) -> Option<Host> {
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(bare) = bare {
        return bare
            .parse()
            .ok()
            .map(|address| Host::Ip(IpAddr::V6(address)));
    }
    if let Ok(address) = text.parse() {
        return Some(Host::Ip(IpAddr::V4(address)));
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let is_number = name
        .rsplit('.')
        .next()?
        .bytes()
        .all(|byte| byte.is_ascii_digit());
    let is_name = name.len() <= 253 && name.split('.').all(is_label) && !is_number;
    is_name.then(|| Host::Name(name.to_ascii_lowercase().into()))
}

impl Address {
    /// Host and port as they stand in a `Host` header.
    pub(crate) fn authority(&self) -> String {
        match (self.is_tls, self.port) {
            (true, 443) | (false, 80) => self.host.to_string(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }

    /// Where to connect to, if that needs no DNS.
    pub(crate) fn socket(&self) -> Option<SocketAddr> {
        match self.host {
            Host::Ip(address) => Some(SocketAddr::new(address, self.port)),
            Host::Name(_) => None,
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Ip(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_written_as_a_url_without_a_path() {
        for (text, plain, authority) in [
            (
                "http://127.0.0.1:9001",
                "http://127.0.0.1:9001",
                "127.0.0.1:9001",
            ),
            ("http://App/", "http://app:80", "app"),
            (
                "https://app.internal.",
                "https://app.internal:443",
                "app.internal",
            ),
            ("https://[::1]:8443", "https://[::1]:8443", "[::1]:8443"),
            ("http://my_app:8000", "http://my_app:8000", "my_app:8000"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), plain);
            assert_eq!(address.authority(), authority);
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_form() {
        for text in [
            "",
            "app",
            "app:8000",
            "ftp://app",
            "http://",
            "http://app:0",
            "http://app:99999",
            "http://app:x",
            "http://app/path",
            "http://app?q",
            "http://app#f",
            "http://user@app",
            "http://300.0.0.1",
            "http://a..b",
            "http://[::1",
            "http://app:",
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("`http://`"), "{text}");
        }
    }
}
