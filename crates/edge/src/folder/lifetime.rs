//! How long browsers may keep a file without asking.

use http::HeaderValue;

use super::media;

/// The endings of what build tools write and pages refer to.
const BUILT: [&str; 8] = ["css", "js", "map", "mjs", "ttf", "wasm", "woff", "woff2"];
const PICTURES: [&str; 9] = [
    "avif", "gif", "ico", "jpeg", "jpg", "mp4", "png", "svg", "webp",
];

/// A name that changes with its file's content is kept for a year; any other file is asked for again each time,
/// which costs no body while its entity tag is the same.
pub(super) fn of(name: &[u8]) -> HeaderValue {
    HeaderValue::from_static(if is_fingerprinted(name) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    })
}

/// Whether a build tool put a digest of the content into the name. Strict, since a name taken for one by mistake
/// would be stale for a year, and one that is missed costs a question:
///
/// - of scripts, styles, fonts, WebAssembly and pictures, one part between points and hyphens, but for the first and
///   the ending, is 8 to 64 lower-case hexadecimal digits, at least two of them letters and two figures, as in
///   `main.3f2a91bc.js`; so no date is one;
/// - or, not for pictures, the 8 characters before the ending follow a hyphen or a point and are letters, figures,
///   `_` and `-`, with at least one capital and one figure, as in `index-BqZx3f1a.js`.
fn is_fingerprinted(path: &[u8]) -> bool {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or(path);
    let Some(ending) = media::ending(name) else {
        return false;
    };
    let is_one_of = |endings: &[&str]| endings.iter().any(|one| one.as_bytes() == ending);
    let is_built = is_one_of(&BUILT);
    if !is_built && !is_one_of(&PICTURES) {
        return false;
    }
    let stem = &name[..name.len() - ending.len() - 1];
    let mut parts = stem.split(|byte| matches!(byte, b'.' | b'-')).skip(1);
    parts.any(is_digest) || (is_built && ends_with_mixed_digest(stem))
}

fn is_digest(part: &[u8]) -> bool {
    let figures = part.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = part
        .iter()
        .filter(|byte| matches!(byte, b'a'..=b'f'))
        .count();
    (8..=64).contains(&part.len()) && figures + letters == part.len() && figures > 1 && letters > 1
}

fn ends_with_mixed_digest(stem: &[u8]) -> bool {
    let Some((rest, digest)) = stem.split_last_chunk::<8>() else {
        return false;
    };
    let is_apart = rest.len() > 1 && matches!(rest[rest.len() - 1], b'-' | b'.');
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    is_apart
        && digest.iter().all(is_digit)
        && digest.iter().any(u8::is_ascii_uppercase)
        && digest.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_digest_are_kept() {
        for name in [
            "main.3f2a91bc.js",
            "main.3f2a91bc.chunk.js",
            "assets/index-BqZx3f1a.js",
            "app-7K3QW2AB.css",
            "index-B_q-3f1a.css",
            "application-908e25f4bf641868d8683022a5b62f54a3b7d5e1c9f4a2b0d6e8f7a1b2c3d4e5.css",
            "logo.3f2a91bc.svg",
            "inter-3f2a91bc.woff2",
        ] {
            assert!(is_fingerprinted(name.as_bytes()), "{name}");
        }
        for name in [
            "index.html",
            "app.js",
            "3f2a91bc.js",
            "photo-20241231.jpg",
            "photo-20241231a.jpg",
            "deadbeef.deadbeef.js",
            "class-Photo2024.jpg",
            "report-3f2a91bc.pdf",
            "main.3f2a91bc.html",
            "jquery-3.7.1.min.js",
            "bootstrap-5.3.0.css",
            "language-javascript.js",
            "a.3f2a91bc/app.js",
            "3f2a91bc",
        ] {
            assert!(!is_fingerprinted(name.as_bytes()), "{name}");
        }
    }
}
