//! `/admin/audit`: what was changed, by whom; and whether the trail is whole.

mod change;
mod row;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use school::Limit;
use school::audit::{self, Verdict};
use school::secret::hex;
use serde::Deserialize;

use crate::app::AppState;
use crate::error::Error;
use crate::extract::{Query, SignedIn};
use crate::page::{Look, Page, Reader, View};
use crate::problem::Problem;
use row::Row;

/// How many entries a page has.
const ENTRIES: u64 = 25;
/// The cursor's list.
const LIST: &str = "page:audit";

/// The query of the page.
#[derive(Deserialize)]
pub(crate) struct Place {
    cursor: Option<String>,
}

/// A verdict as it is shown.
struct Finding {
    is_sound: bool,
    words: String,
    /// The last hash of a sound trail.
    head: Option<String>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    finding: Option<Finding>,
    rows: Vec<Row>,
    is_first: bool,
    older: Option<String>,
}

impl View for AuditPage {
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
    let before = place
        .cursor
        .map(|cursor| open(&state, &cursor))
        .transpose()?;
    trail(&state, look, &signed_in, before).await?.answer()
}

/// Walks the whole trail; the page then says what it found.
pub(crate) async fn verify(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
) -> Result<Response, Error> {
    let verdict = audit::verify(&state.stores, &signed_in.actor).await?;
    let trail = trail(&state, look, &signed_in, None).await?;
    let finding = Some(finding(&verdict, &trail.page));
    AuditPage { finding, ..trail }.answer()
}

async fn trail(
    state: &AppState,
    look: Look,
    signed_in: &SignedIn,
    before: Option<i64>,
) -> Result<AuditPage, Error> {
    let limit = Limit::new(ENTRIES).unwrap_or_default();
    let found = audit::list(&state.stores, &signed_in.actor, before, limit).await?;
    let page = look.page(Reader::from(signed_in));
    let last = found.rows.last().filter(|_| found.has_more);
    Ok(AuditPage {
        finding: None,
        older: last.map(|last| state.cursor_key.seal(LIST, last.seq)),
        rows: found
            .rows
            .iter()
            .map(|entry| Row::new(entry, page.language))
            .collect(),
        is_first: before.is_none(),
        page,
    })
}

fn open(state: &AppState, cursor: &str) -> Result<i64, Error> {
    let place = state.cursor_key.open(LIST, cursor);
    place.ok_or_else(|| Error::new(&Problem::CURSOR, "the cursor is not for this list"))
}

fn finding(verdict: &Verdict, page: &Page) -> Finding {
    match verdict {
        Verdict::Sound { entries, head } => {
            let shown = page.language.number(entries.unsigned_abs());
            Finding {
                is_sound: true,
                words: page.language.sentence(
                    "audit-sound",
                    [("count", (*entries).into()), ("shown", shown.into())],
                ),
                head: Some(hex(head)),
            }
        }
        Verdict::Broken { seq } => Finding {
            is_sound: false,
            words: page
                .language
                .sentence("audit-broken", [("seq", seq.to_string().into())]),
            head: None,
        },
    }
}
