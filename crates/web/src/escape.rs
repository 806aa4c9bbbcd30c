//! Text as a part of an address.

use std::fmt::Write as _;

/// The text as one value of a query: all but letters, digits and `-._~/` percent-encoded (RFC 3986 §3.4).
pub(crate) fn query_value(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("a string grows as needed");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_query_loses_it() {
        assert_eq!(query_value("ani b&c=d+é#"), "ani%20b%26c%3Dd%2B%C3%A9%23");
        assert_eq!(query_value("/admin/users-1.2_3~"), "/admin/users-1.2_3~");
    }
}
