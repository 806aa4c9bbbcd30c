//! Which media types are texts, as far as compressing them goes.

/// Media types that neither begin with `text/` nor end in `+json` or `+xml`, and compress well all the same.
const TEXTS: [&str; 14] = [
    "application/ecmascript",
    "application/javascript",
    "application/json",
    "application/rtf",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/xml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/vnd.microsoft.icon",
    "image/x-icon",
];

/// Whether what has this `Content-Type` is worth compressing. Streams of events are not: they must arrive one by one.
pub(crate) fn is_text(content_type: &[u8]) -> bool {
    let media = content_type.split(|&byte| byte == b';').next();
    let media = media.unwrap_or_default().trim_ascii();
    let is = |name: &str| media.eq_ignore_ascii_case(name.as_bytes());
    let begins = |begin: &str| {
        let own = media.get(..begin.len());
        own.is_some_and(|own| own.eq_ignore_ascii_case(begin.as_bytes()))
    };
    let ends = |end: &[u8]| {
        let own = media.len().checked_sub(end.len()).map(|at| &media[at..]);
        own.is_some_and(|own| own.eq_ignore_ascii_case(end))
    };
    if begins("text/") {
        return !is("text/event-stream");
    }
    ends(b"+json") || ends(b"+xml") || TEXTS.iter().any(|name| is(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_known_by_their_type() {
        for text in [
            "text/html; charset=utf-8",
            "TEXT/CSS",
            "application/json;charset=utf-8",
            "application/problem+json",
            "image/svg+xml",
            "application/wasm",
        ] {
            assert!(is_text(text.as_bytes()), "{text}");
        }
        for other in [
            "text/event-stream",
            "Text/Event-Stream; charset=utf-8",
            "image/png",
            "application/octet-stream",
            "application/grpc",
            "application/grpc+proto",
            "multipart/byteranges; boundary=a",
            "textile/x",
            "",
        ] {
            assert!(!is_text(other.as_bytes()), "{other}");
        }
    }
}
