//! Which language a reader gets: the one just switched to, else the one chosen before, else what the browser asks for.

use super::Language;

/// The query parameter that switches.
pub(crate) const PARAMETER: &str = "lang";
/// The cookie that remembers a switch.
pub(crate) const COOKIE: &str = "lang";

/// The language of a request, given its query parameter, its cookie, its `Accept-Language`, and the school's own.
pub(crate) fn choose(
    switched: Option<&str>,
    remembered: Option<&str>,
    accepted: Option<&str>,
    own: Language,
) -> Language {
    let find = |tag: Option<&str>| tag.and_then(Language::find);
    find(switched)
        .or_else(|| find(remembered))
        .or_else(|| accepted.and_then(most_wanted))
        .unwrap_or(own)
}

/// The best of an `Accept-Language` (RFC 9110 §12.5.4) that we speak. Of equals the first; `*` asks for nothing in particular.
fn most_wanted(accepted: &str) -> Option<Language> {
    let mut best = None;
    for range in accepted.split(',') {
        let (tag, quality) = split(range);
        let Some(language) = Language::find(tag) else {
            continue;
        };
        if quality > best.map_or(0, |(_, quality)| quality) {
            best = Some((language, quality));
        }
    }
    best.map(|(language, _)| language)
}

/// A range's tag, and its quality in thousandths: 1,000 if not given, 0 if it cannot be read.
fn split(range: &str) -> (&str, u32) {
    let Some((tag, parameter)) = range.split_once(';') else {
        return (range.trim(), 1000);
    };
    (
        tag.trim(),
        parameter
            .trim()
            .strip_prefix("q=")
            .and_then(quality)
            .unwrap_or(0),
    )
}

fn quality(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match whole {
        "1" => Some(1000),
        "0" => format!("{fraction:0<3}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(switched: Option<&str>, remembered: Option<&str>, accepted: &str, expected: Language) {
        let found = choose(switched, remembered, Some(accepted), Language::Id);
        assert_eq!(found, expected, "{switched:?} {remembered:?} {accepted:?}");
    }

    #[test]
    fn a_switch_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        check(Some("en"), Some("id"), "id", Language::En);
        check(None, Some("en"), "id", Language::En);
        check(Some("xx"), Some("yy"), "en", Language::En);
    }

    #[test]
    fn the_browser_gets_what_it_wants_most_of_what_we_speak() {
        check(None, None, "en-GB,en;q=0.9,id;q=0.8", Language::En);
        check(None, None, "fr, id;q=0.3, en;q=0.25", Language::Id);
        check(None, None, "ID-id", Language::Id);
        check(None, None, "en, id", Language::En);
    }

    #[test]
    fn what_cannot_be_read_or_is_not_wanted_leaves_the_schools_own() {
        for accepted in [
            "",
            "*",
            "fr",
            "en;q=0",
            "en;q=2",
            "en;q=0.1234",
            "en;q=x",
            ";;;,,,",
            "e\u{301}n",
        ] {
            check(None, None, accepted, Language::Id);
        }
        assert_eq!(choose(None, None, None, Language::En), Language::En);
    }
}
