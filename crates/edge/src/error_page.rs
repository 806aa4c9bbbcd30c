//! The small page that a visitor sees when the edge itself has to answer, in Indonesian or English.

use http::header::{ACCEPT, ACCEPT_LANGUAGE};
use http::{HeaderMap, HeaderName};
use traffic::RequestId;

use crate::config::Language;
use crate::error::Refusal;

/// What is said of one kind of refusal: a title and a text.
type Words = (&'static str, &'static str);

/// By kind of problem: the words in Indonesian, then in English.
const WORDS: [(&str, Words, Words); 10] = [
    (
        "method_not_allowed",
        (
            "Cara ini tidak dilayani",
            "Server ini tidak melayani permintaan dengan cara itu.",
        ),
        (
            "This is not served here",
            "This server does not serve requests of that kind.",
        ),
    ),
    (
        "too_large",
        (
            "Kiriman terlalu besar",
            "Yang Anda kirim lebih besar daripada yang diterima server ini.",
        ),
        (
            "That is too large",
            "What you sent is larger than this server takes.",
        ),
    ),
    (
        "too_many",
        (
            "Pelan-pelan, ya",
            "Terlalu banyak permintaan dari tempat Anda. Tunggu sebentar, lalu coba lagi.",
        ),
        (
            "Please slow down",
            "Too many requests came from your place. Wait a moment, then try again.",
        ),
    ),
    (
        "unavailable",
        (
            "Sebentar lagi, ya",
            "Server ini belum dapat menjawab. Coba lagi beberapa menit lagi.",
        ),
        (
            "Please come back a little later",
            "This server can't answer yet. Try again in a few minutes.",
        ),
    ),
    (
        "internal",
        (
            "Ada yang salah di sini",
            "Server gagal melayani permintaan ini. Coba lagi; bila gagal lagi, sampaikan kode di bawah kepada pengelola.",
        ),
        (
            "Something went wrong here",
            "The server failed at this request. Try again; if it fails again, tell its operator the code below.",
        ),
    ),
    (
        "not_found",
        (
            "Tidak ditemukan",
            "Tidak ada apa pun di alamat ini. Periksa alamatnya, lalu coba lagi.",
        ),
        (
            "There is no such thing",
            "Nothing has this address. Check it, then try again.",
        ),
    ),
    (
        "forbidden",
        (
            "Tidak boleh dibuka",
            "Yang ada di alamat ini tidak disajikan oleh server.",
        ),
        (
            "This is not allowed",
            "What has this address is not served.",
        ),
    ),
    (
        "changed",
        (
            "Isinya sudah berubah",
            "Yang ada di alamat ini bukan lagi yang Anda kenal. Muat ulang, lalu coba lagi.",
        ),
        (
            "It was changed by somebody else",
            "What has this address is no longer what you know. Load it again, then try again.",
        ),
    ),
    (
        "range",
        (
            "Bagian itu tidak ada",
            "Isinya berakhir sebelum bagian yang diminta. Mulai lagi dari awal.",
        ),
        (
            "The range lies beyond the end",
            "It ends before the part that was asked for. Begin again from its start.",
        ),
    ),
    (
        "malformed",
        (
            "Permintaan tidak terbaca",
            "Server ini tidak dapat membaca permintaan itu. Periksa alamatnya, lalu coba lagi.",
        ),
        (
            "The request can't be read",
            "This server can't read that request. Check the address, then try again.",
        ),
    ),
];

/// The language for a reader who takes pages; `None` for a program. The first language that we speak counts, and
/// `otherwise` where none is named.
pub(crate) fn reader(headers: &HeaderMap, otherwise: Language) -> Option<Language> {
    if !text(headers, &ACCEPT).contains("text/html") {
        return None;
    }
    let mut tags = text(headers, &ACCEPT_LANGUAGE).split(',');
    let known = |tag: &str| match tag.trim().get(..2)?.to_ascii_lowercase().as_str() {
        "id" | "ms" | "jv" | "su" => Some(Language::Indonesian),
        "en" => Some(Language::English),
        _ => None,
    };
    Some(tags.find_map(known).unwrap_or(otherwise))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// A whole page without foreign parts; nothing in it comes from the request. What is wrong exactly stands below in
/// English, for whoever is asked for help.
pub(crate) fn render(
    refusal: &Refusal,
    detail: &str,
    (kind, language): (&str, Language),
    id: RequestId,
) -> Vec<u8> {
    let (_, indonesian, english) = WORDS
        .iter()
        .find(|words| words.0 == kind)
        .unwrap_or(&WORDS[WORDS.len() - 1]);
    let (tag, (title, text), code) = match language {
        Language::Indonesian => ("id", indonesian, "Kode permintaan"),
        Language::English => ("en", english, "Request"),
    };
    let (status, detail) = (refusal.status.as_u16(), escape(detail));
    format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n<p>{code} <code>{id}</code></p>\n\
         <p lang=\"en\"><small>{status}: {detail}</small></p>\n</html>\n"
    )
    .into_bytes()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_reader_gets_the_first_language_that_we_speak() {
        let reads = |accept: &'static str, languages: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(languages));
            reader(&headers, Language::Indonesian)
        };
        let page = "text/html,*/*;q=0.8";
        assert_eq!(
            reads(page, "id-ID,id;q=0.9,en;q=0.5"),
            Some(Language::Indonesian)
        );
        assert_eq!(
            reads(page, "de-DE, en-GB;q=0.8, id;q=0.7"),
            Some(Language::English)
        );
        assert_eq!(reads(page, "de, x"), Some(Language::Indonesian));
        assert_eq!(reads("*/*", "id"), None);
        assert_eq!(reader(&HeaderMap::new(), Language::English), None);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(page));
        for otherwise in [Language::Indonesian, Language::English] {
            assert_eq!(reader(&headers, otherwise), Some(otherwise));
        }
    }
}
