//! One page of users, and the links to the others.

use axum::response::Response;
use http::header::LINK;
use school::Person;
use school::cursor::CursorKey;
use school::page::{MOST_OFFSET, Page, Start};
use school::people::PeopleQuery;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::view::User;
use crate::api::link::Links;
use crate::api::{paging, reply};
use crate::error::{Error, Fault};
use crate::path;

const MOST_SEARCH: usize = 100;

/// Which users, and how many of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UserQuery {
    /// How many users on the page.
    #[param(minimum = 1, maximum = 200, default = 10)]
    limit: Option<u64>,
    /// How many users to skip; beyond 100,000 only a cursor leads.
    #[param(minimum = 0, maximum = 100_000, default = 0)]
    offset: Option<u64>,
    /// Where the page before ended: its `next`. Not together with `offset`.
    cursor: Option<String>,
    /// Only users with this text in a name, the e-mail address or the username, whatever its case.
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "budi"
    )]
    q: Option<String>,
}

/// One page of users.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserPage<'a> {
    /// The users, by number.
    users: Vec<User<'a>>,
    /// How many were asked for.
    #[schema(minimum = 1, maximum = 200)]
    limit: usize,
    /// How many were skipped; absent on a page reached by a cursor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    offset: Option<u64>,
    /// How many users there are in all; absent when there is a search.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    total: Option<u64>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    next: Option<String>,
}

impl UserQuery {
    /// Whether the caller counts rows rather than follow cursors.
    pub(super) fn is_by_offset(&self) -> bool {
        self.offset.is_some()
    }

    pub(super) fn check(&self, key: &CursorKey) -> Result<PeopleQuery, Error> {
        let search = self.q.as_deref().map(search).transpose()?;
        let list = list_name(search.as_deref());
        let start = paging::start(self.offset, self.cursor.as_deref(), &list, key)?;
        let limit = paging::limit(self.limit)?;
        Ok(PeopleQuery {
            search,
            start,
            limit,
        })
    }
}

fn search(text: &str) -> Result<String, Error> {
    let checked = school::field::text("q", text, MOST_SEARCH);
    checked.map_err(|error| Error::parameter(Fault::from(&error)))
}

/// The name under which cursors are sealed: one of another search does not open here.
fn list_name(search: Option<&str>) -> String {
    search.map_or_else(|| "users".to_owned(), |text| format!("users?q={text}"))
}

/// The page as JSON with its links. A caller who did not count rows is led on by cursors.
pub(super) fn answer(
    key: &CursorKey,
    wanted: &PeopleQuery,
    is_by_offset: bool,
    page: &Page<Person>,
) -> Response {
    let limit = wanted.limit.rows();
    let offset = match wanted.start {
        Start::Offset(offset) => Some(offset),
        Start::After(_) => None,
    };
    let last = page.rows.last().filter(|_| page.has_more);
    let next = last.map(|person| key.seal(&list_name(wanted.search.as_deref()), person.id));
    let links = links(wanted, offset.filter(|_| is_by_offset), next.as_deref());
    let body = UserPage {
        users: page.rows.iter().map(User::of).collect(),
        limit,
        offset,
        total: page.total,
        next,
    };
    let mut response = reply::json(&body, 128 + 256 * page.rows.len());
    response.headers_mut().insert(LINK, links.value());
    response
}

fn links<'a>(wanted: &'a PeopleQuery, offset: Option<u64>, next: Option<&str>) -> Links<'a> {
    let limit = wanted.limit.rows();
    let mut links = Links::new(path::USERS, wanted.search.as_deref());
    let at = |offset: u64| format!("offset={offset}");
    links = links.with("first", limit, offset.map(|_| at(0)).as_deref());
    if let Some(offset) = offset.filter(|offset| *offset > 0) {
        let before = offset.saturating_sub(limit as u64);
        links = links.with("prev", limit, Some(&at(before)));
    }
    let after = offset
        .map(|offset| offset + limit as u64)
        .filter(|after| *after <= MOST_OFFSET);
    match (after, next) {
        (_, None) => links,
        (Some(after), Some(_)) => links.with("next", limit, Some(&at(after))),
        (None, Some(cursor)) => links.with("next", limit, Some(&format!("cursor={cursor}"))),
    }
}
