//! Hosts with or without a port, as `Host` headers and targets name them (RFC 3986 §3.2).

/// A name or an address in brackets, perhaps with a port. No user, no path, no list, no percent sign.
pub(crate) fn is_authority(text: &str) -> bool {
    let host = without_port(text);
    let port = &text[host.len()..];
    let is_port =
        port.is_empty() || port.len() <= 6 && port[1..].bytes().all(|byte| byte.is_ascii_digit());
    let is_host = match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        None => host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')),
    };
    is_port && is_host && !host.is_empty() && host.len() <= 255
}

/// The host before the last colon that is not part of an address. Looks at bytes: it is asked several times for each
/// request, and the search for a character in a text costs more than all the rest of a host's check.
pub(crate) fn without_port(authority: &str) -> &str {
    let bytes = authority.as_bytes();
    let after_address = bytes.iter().rposition(|&byte| byte == b']').unwrap_or(0);
    let colon = bytes[after_address..].iter().position(|&byte| byte == b':');
    colon.map_or(authority, |colon| &authority[..after_address + colon])
}

/// The host alone, without the dot that a name in full ends with (RFC 1034 §3.1).
pub(crate) fn host(authority: &str) -> &str {
    let host = without_port(authority);
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use http::uri::Authority;
    use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn a_host_is_what_stands_before_the_port() {
        for (authority, host) in [
            ("a", "a"),
            ("a:80", "a"),
            ("a:", "a"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
            ("", ""),
            (":80", ""),
        ] {
            assert_eq!(without_port(authority), host, "{authority}");
        }
    }

    #[test]
    fn a_name_in_full_is_the_name() {
        for (authority, name) in [("a.example.:80", "a.example"), ("a.", "a"), (".", "")] {
            assert_eq!(host(authority), name, "{authority}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_an_authority_or_none(text in ".*") {
            is_authority(&text);
            without_port(&text);
        }

        #[test]
        fn an_authority_that_passes_has_one_reading(text in "[a-z0-9.:@/\\[\\]_ ,%?#-]{0,20}") {
            if is_authority(&text) {
                let url: http::Uri = format!("http://{text}/").parse().expect("a URI that others can read");
                prop_assert_eq!(url.authority().map(Authority::as_str), Some(text.as_str()));
                prop_assert_eq!(url.host(), Some(without_port(&text)));
            }
        }
    }
}
