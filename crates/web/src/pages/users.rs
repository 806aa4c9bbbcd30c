//! `/admin/users`: everybody, found by name, a page at a time.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use school::page::Start;
use school::people::{self, PeopleQuery};
use school::{Limit, Person};
use serde::Deserialize;

use super::user::Standing;
use crate::app::AppState;
use crate::error::Error;
use crate::escape;
use crate::extract::{Query, SignedIn};
use crate::page::{Look, Page, Reader, View};
use crate::path;
use crate::problem::Problem;

/// How many people a page has.
const PEOPLE: u64 = 25;

/// The query of the page.
#[derive(Deserialize)]
pub(crate) struct Place {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

struct Row {
    id: i64,
    name: String,
    login: String,
    role: school::Role,
    standing: Standing,
}

#[derive(Template)]
#[template(path = "users.html")]
struct UsersPage {
    page: Page,
    search: String,
    count: Option<String>,
    people: Vec<Row>,
    /// Where the list begins.
    first: String,
    is_first: bool,
    next: Option<String>,
}

impl View for UsersPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

pub(crate) async fn show(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    let search = place.q.trim().to_owned();
    let list = format!("page:users:{search}");
    let start = match &place.cursor {
        None => Start::Offset(0),
        Some(cursor) => Start::After(open(&state, &list, cursor)?),
    };
    let query = PeopleQuery {
        search: Some(search.clone()).filter(|search| !search.is_empty()),
        start,
        limit: Limit::new(PEOPLE).unwrap_or_default(),
    };
    let found = people::list(&state.stores, &signed_in.actor, &query).await?;
    let page = look.page(Reader::from(&signed_in));
    let last = found.rows.last().filter(|_| found.has_more);
    let next = last.map(|last| address(&search, Some(&state.cursor_key.seal(&list, last.id))));
    let view = UsersPage {
        count: found.total.map(|total| count(&page, total)),
        people: found.rows.iter().map(Row::from).collect(),
        first: address(&search, None),
        is_first: place.cursor.is_none(),
        next,
        search,
        page,
    };
    view.answer()
}

impl From<&Person> for Row {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id,
            name: person.name(),
            login: super::password::login(person).to_owned(),
            role: person.role,
            standing: Standing::of(person),
        }
    }
}

fn count(page: &Page, total: u64) -> String {
    let shown = page.language.number(total);
    page.language.sentence(
        "users-count",
        [("count", total.into()), ("shown", shown.into())],
    )
}

/// The address of a part of the list.
fn address(search: &str, cursor: Option<&str>) -> String {
    let mut address = path::ADMIN_USERS.to_owned();
    let pairs = [
        ("q", Some(search).filter(|search| !search.is_empty())),
        ("cursor", cursor),
    ];
    for (name, value) in pairs
        .iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
    {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.push_str(&escape::query_value(value));
    }
    address
}

fn open(state: &AppState, list: &str, cursor: &str) -> Result<i64, Error> {
    let place = state.cursor_key.open(list, cursor);
    place.ok_or_else(|| {
        Error::new(
            &Problem::CURSOR,
            "the cursor is not for this list and this search",
        )
    })
}
