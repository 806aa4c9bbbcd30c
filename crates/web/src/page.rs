//! The frame around every page: its language, its menu, the notice of what was just done; and how a page is sent.

mod error_page;
mod faults;
mod look;
mod menu;
mod text;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, SET_COOKIE, VARY};
use http::{HeaderValue, StatusCode};
use school::tokens::Scope;
use school::{Role, Timestamp};

use crate::assets;
use crate::error::Error;
use crate::language::Language;
use crate::moment::Moment;
use crate::zone::Zone;

pub(crate) use error_page::error_page;
pub(crate) use faults::Faults;
pub(crate) use look::{Look, language};
pub(crate) use menu::Reader;
pub(crate) use text::{Text, special_bytes};

/// Room for most pages, so that none is copied as it grows.
const USUAL_BYTES: usize = 16 * 1024;

/// What `layout.html` shows around a page.
pub(crate) struct Page {
    pub(crate) language: Language,
    /// Path and query of the page, to which a switch of language leads.
    here: String,
    reader: Reader,
    /// The word for what was just done, from the query.
    pub(crate) done: Option<&'static str>,
    zone: Zone,
    now: Timestamp,
    /// The cookie that remembers a language just switched to.
    cookie: Option<HeaderValue>,
}

impl Page {
    /// The words under `key`, for templates.
    pub(crate) fn t(&self, key: &'static str) -> &'static str {
        self.language.word(key)
    }

    /// A point in time as a `<time>` element.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass references"
    )]
    pub(crate) fn time(&self, at: &Timestamp) -> Moment<'_> {
        Moment {
            at: *at,
            zone: &self.zone,
            language: self.language,
        }
    }

    /// The present time, as this page has it.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// The name of a role.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass references"
    )]
    pub(crate) fn role(&self, role: &Role) -> &'static str {
        self.t(match role {
            Role::Admin => "role-admin",
            Role::Staff => "role-staff",
            Role::Member => "role-member",
        })
    }

    /// The name of a token's scope.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass references"
    )]
    pub(crate) fn scope(&self, scope: &Scope) -> &'static str {
        self.t(match scope {
            Scope::Read => "scope-read",
            Scope::Write => "scope-write",
        })
    }

    /// The page stands at another address than the one that was asked for, which takes no `GET`.
    #[must_use]
    pub(crate) fn standing_at(mut self, path: impl Into<String>) -> Self {
        self.here = path.into();
        self
    }

    #[expect(
        clippy::unused_self,
        reason = "templates reach functions through the frame"
    )]
    pub(crate) fn asset(&self, name: &'static str) -> &'static str {
        assets::path(name)
    }

    pub(crate) fn menu(&self) -> Vec<menu::Item> {
        menu::items(self.reader, &self.here)
    }

    pub(crate) fn is_signed_in(&self) -> bool {
        matches!(self.reader, Reader::Person(_) | Reader::Newcomer)
    }

    pub(crate) fn languages(&self) -> [menu::Switch; 2] {
        menu::switches(self.language, &self.here)
    }

    /// In which zone the times are; an error page shows none.
    pub(crate) fn zone_note(&self) -> Option<String> {
        let zone = || self.zone.name(self.now);
        (self.reader != Reader::Unknown)
            .then(|| self.language.sentence("zone", [("zone", zone().into())]))
    }
}

/// A template with its frame.
pub(crate) trait View: Template {
    /// The frame.
    fn page(&self) -> &Page;

    /// The page as an answer.
    fn answer(&self) -> Result<Response, Error> {
        let mut html = String::with_capacity(USUAL_BYTES);
        self.render_into(&mut html).map_err(Error::internal)?;
        let mut response = html.into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        headers.insert(VARY, HeaderValue::from_static("accept-language, cookie"));
        headers.extend(
            self.page()
                .cookie
                .clone()
                .map(|cookie| (SET_COOKIE, cookie)),
        );
        Ok(response)
    }

    /// The page as an answer to an input with these faults, which choose its status.
    fn answer_to(&self, faults: &Faults) -> Result<Response, Error> {
        let mut response = self.answer()?;
        *response.status_mut() = faults.status();
        let retry = faults
            .retry_after()
            .map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds)));
        response.headers_mut().extend(retry);
        Ok(response)
    }
}

/// To another page, after something was done.
pub(crate) fn see_other(path: &str) -> Response {
    let path = HeaderValue::from_str(path).expect("our own paths are header values");
    (StatusCode::SEE_OTHER, [(http::header::LOCATION, path)]).into_response()
}
