//! A form's fields as a browser sends them.

use std::fmt::Write as _;

/// `name=value&…`, percent-encoded.
pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        let joint = if text.is_empty() { "" } else { "&" };
        write!(text, "{joint}{}={}", escaped(name), escaped(value)).unwrap();
    }
    text
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").unwrap();
        }
    }
    escaped
}
