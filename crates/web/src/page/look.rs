//! How a request looks at a page: in which language, where it stands, over what connection.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};
use school::Timestamp;

use super::Page;
use super::menu::Reader;
use crate::app::AppState;
use crate::cookies;
use crate::extract::{Guest, SignedIn, client};
use crate::language::{self, COOKIE as LANGUAGE_COOKIE, Language, PARAMETER};
use crate::zone::Zone;

/// The query parameter that names what was just done.
const DONE: &str = "done";
/// A choice of language is remembered for a year.
const REMEMBERED_SECONDS: u32 = 365 * 24 * 3600;

/// All that a page needs of its request, but for who reads it.
pub(crate) struct Look {
    language: Language,
    here: String,
    done: Option<&'static str>,
    cookie: Option<HeaderValue>,
    zone: Zone,
    now: Timestamp,
}

impl FromRequestParts<AppState> for Look {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        let language = language(&parts.uri, &parts.headers, state.language);
        let switched = parameter(&parts.uri, PARAMETER).and_then(Language::find);
        let done = parameter(&parts.uri, DONE)
            .and_then(|done| language.find_word(&format!("notice-{done}")));
        Ok(Self {
            language,
            here: here(&parts.uri),
            done,
            cookie: switched.map(|language| remember(language, client(parts).secure)),
            zone: state.config.time_zone.clone(),
            now: state.clock.now(),
        })
    }
}

impl Look {
    /// The frame for this reader.
    pub(crate) fn page(self, reader: Reader) -> Page {
        Page {
            language: self.language,
            here: self.here,
            reader,
            done: self.done,
            zone: self.zone,
            now: self.now,
            cookie: self.cookie,
        }
    }

    /// The frame of an error page, which knows nothing but the request.
    pub(super) fn blind(uri: &Uri, language: Language) -> Page {
        Page {
            language,
            here: here(uri),
            reader: Reader::Unknown,
            done: None,
            zone: Zone::utc(),
            now: Timestamp(0),
            cookie: None,
        }
    }
}

impl From<&SignedIn> for Reader {
    fn from(signed_in: &SignedIn) -> Self {
        match &signed_in.person {
            person if person.must_change_password => Self::Newcomer,
            person => Self::Person(person.role),
        }
    }
}

impl From<&Guest> for Reader {
    fn from(guest: &Guest) -> Self {
        guest.signed_in.as_ref().map_or(Self::Guest, Self::from)
    }
}

/// The language in which a request is answered.
pub(crate) fn language(uri: &Uri, headers: &HeaderMap, own: Language) -> Language {
    let text = |value: &'_ HeaderValue| value.to_str().ok().map(str::to_owned);
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(text);
    language::choose(
        parameter(uri, PARAMETER),
        cookies::find(headers, LANGUAGE_COOKIE),
        accepted.as_deref(),
        own,
    )
}

/// The value of a parameter whose values are plain words.
fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    pairs
        .into_iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Path and query, without what only this one request meant.
fn here(uri: &Uri) -> String {
    let mut here = uri.path().to_owned();
    let kept = uri.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or(pair);
        !name.is_empty() && name != PARAMETER && name != DONE
    });
    for (index, pair) in kept.enumerate() {
        here.push(if index == 0 { '?' } else { '&' });
        here.push_str(pair);
    }
    here
}

fn remember(language: Language, is_secure: bool) -> HeaderValue {
    let secure = if is_secure { "; Secure" } else { "" };
    let tag = language.tag();
    let text = format!(
        "{LANGUAGE_COOKIE}={tag}; Path=/; Max-Age={REMEMBERED_SECONDS}; HttpOnly; SameSite=Lax{secure}"
    );
    HeaderValue::from_str(&text).expect("a tag and a number are a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_of_language_and_a_notice_do_not_stay_in_the_address() {
        for (uri, expected) in [
            ("/", "/"),
            ("/?lang=en", "/"),
            (
                "/admin/users?q=ani+b&lang=en&cursor=x&done=user-saved",
                "/admin/users?q=ani+b&cursor=x",
            ),
        ] {
            assert_eq!(here(&uri.parse().unwrap()), expected);
        }
    }
}
