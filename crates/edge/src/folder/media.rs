//! The media type of a file, by the ending of its name.

/// A media type, and whether it is worth compressing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Media {
    pub(crate) name: &'static str,
    pub(crate) is_text: bool,
}

/// Everything whose ending is not in the table; browsers save it and show nothing.
const UNKNOWN: Media = Media {
    name: "application/octet-stream",
    is_text: false,
};

/// Texts, which compress well; sorted by ending.
const TEXTS: [(&str, &str); 27] = [
    ("atom", "application/atom+xml"),
    ("bmp", "image/bmp"),
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("eot", "application/vnd.ms-fontobject"),
    ("geojson", "application/geo+json"),
    ("htm", "text/html; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/vnd.microsoft.icon"),
    ("ics", "text/calendar; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("map", "application/json"),
    ("md", "text/markdown; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("otf", "font/otf"),
    ("rss", "application/rss+xml"),
    ("svg", "image/svg+xml"),
    ("tsv", "text/tab-separated-values; charset=utf-8"),
    ("ttf", "font/ttf"),
    ("txt", "text/plain; charset=utf-8"),
    ("vcf", "text/vcard; charset=utf-8"),
    ("vtt", "text/vtt; charset=utf-8"),
    ("wasm", "application/wasm"),
    ("webmanifest", "application/manifest+json"),
    ("xhtml", "application/xhtml+xml"),
    ("xml", "application/xml"),
];

/// What is compressed already; sorted by ending.
const OTHERS: [(&str, &str); 37] = [
    ("7z", "application/x-7z-compressed"),
    ("aac", "audio/aac"),
    ("apk", "application/vnd.android.package-archive"),
    ("avif", "image/avif"),
    ("bz2", "application/x-bzip2"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("gz", "application/gzip"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("jxl", "image/jxl"),
    ("m4a", "audio/mp4"),
    ("m4v", "video/mp4"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("ogv", "video/ogg"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("opus", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("tar", "application/x-tar"),
    ("tgz", "application/gzip"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("woff", "font/woff"),
    ("woff2", "font/woff2"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("zip", "application/zip"),
    ("zst", "application/zstd"),
];

/// The media type of a file with this name.
pub(crate) fn of(name: &[u8]) -> Media {
    let Some(ending) = ending(name) else {
        return UNKNOWN;
    };
    let find = |table: &[(&str, &'static str)]| {
        let found = table
            .iter()
            .find(|(own, _)| ending.eq_ignore_ascii_case(own.as_bytes()));
        found.map(|(_, name)| *name)
    };
    match (find(&TEXTS), find(&OTHERS)) {
        (Some(name), _) => Media {
            name,
            is_text: true,
        },
        (None, Some(name)) => Media {
            name,
            is_text: false,
        },
        (None, None) => UNKNOWN,
    }
}

/// What follows the last point of the name.
pub(super) fn ending(name: &[u8]) -> Option<&[u8]> {
    let name = name.rsplit(|&byte| byte == b'/').next()?;
    let point = name.iter().rposition(|&byte| byte == b'.')?;
    Some(&name[point + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ending_decides() {
        for (name, expected, is_text) in [
            ("index.html", "text/html; charset=utf-8", true),
            ("a/B.CSS", "text/css; charset=utf-8", true),
            ("photo.JPG", "image/jpeg", false),
            ("app.js.map", "application/json", true),
            ("font.woff2", "font/woff2", false),
            ("README", "application/octet-stream", false),
            ("a.html/README", "application/octet-stream", false),
            ("a.tar.gz", "application/gzip", false),
            ("a.exe", "application/octet-stream", false),
        ] {
            let media = of(name.as_bytes());
            assert_eq!((media.name, media.is_text), (expected, is_text), "{name}");
        }
    }

    #[test]
    fn no_ending_stands_twice() {
        let mut endings: Vec<_> = TEXTS
            .iter()
            .chain(&OTHERS)
            .map(|(ending, _)| *ending)
            .collect();
        endings.sort_unstable();
        endings.dedup();
        assert_eq!(endings.len(), TEXTS.len() + OTHERS.len());
    }
}
