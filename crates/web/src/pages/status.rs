//! `/admin/status`: which parts of the server are ready, and what they say of themselves.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lifecycle::readiness;
use school::{Role, Timestamp};

use crate::app::AppState;
use crate::error::Error;
use crate::extract::SignedIn;
use crate::language::Language;
use crate::page::{Look, Page, Reader, View};

/// One part of the server.
#[derive(Default)]
struct Part {
    is_ready: bool,
    /// Why it is not ready; `None` also for a part that only states facts.
    waits_for: Option<String>,
    facts: Vec<Fact>,
}

struct Fact {
    name: String,
    value: Value,
}

enum Value {
    Text(String),
    Time(Timestamp),
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage {
    page: Page,
    is_well: bool,
    /// By name.
    parts: BTreeMap<String, Part>,
}

impl View for StatusPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

pub(crate) async fn show(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
) -> Result<Response, Error> {
    signed_in.actor.must_be(Role::Admin)?;
    let page = look.page(Reader::from(&signed_in));
    let view = StatusPage {
        is_well: state.readiness.is_ready(),
        parts: parts(&state, page.language),
        page,
    };
    view.answer()
}

fn parts(state: &AppState, language: Language) -> BTreeMap<String, Part> {
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    for (part, name, value) in state.facts.list() {
        parts
            .entry(part.to_owned())
            .or_default()
            .facts
            .push(fact(&name, value, language));
    }
    for (name, ready) in state.readiness.report() {
        let part = parts.entry(name.to_owned()).or_default();
        part.is_ready = ready.is_ready();
        part.waits_for = reason(ready, language);
    }
    parts
}

fn reason(state: readiness::State, language: Language) -> Option<String> {
    match state {
        readiness::State::Ready => None,
        readiness::State::Lacking(reason) | readiness::State::Waiting(reason) => {
            let word = language.find_word(&format!("reason-{}", hyphened(&reason)));
            Some(word.map_or(reason, str::to_owned))
        }
    }
}

/// A fact whose name we have words for is told in them, any other as its part states it.
fn fact(name: &str, value: String, language: Language) -> Fact {
    Fact {
        name: language
            .find_word(&format!("fact-{}", hyphened(name)))
            .unwrap_or(name)
            .to_owned(),
        value: told(value, language),
    }
}

fn told(value: String, language: Language) -> Value {
    if let Ok(time) = value.parse() {
        return Value::Time(time);
    }
    let word = language.find_word(&format!("value-{}", hyphened(&value)));
    Value::Text(word.map_or(value, str::to_owned))
}

fn hyphened(text: &str) -> String {
    text.to_lowercase().replace(' ', "-")
}

impl StatusPage {
    fn title<'a>(&self, part: &'a str) -> &'a str {
        self.page
            .language
            .find_word(&format!("part-{part}"))
            .unwrap_or(part)
    }
}
