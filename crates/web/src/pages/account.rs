//! `/account`: what the school keeps about its reader, where they are signed in, and their API tokens.

mod browser;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use school::secret::Secret;
use school::sessions::{self, Session};
use school::tokens::{self, NewToken, Scope, Token};
use school::{FieldErrors, Person, Timestamp};
use serde::Deserialize;

use super::password;
use crate::app::AppState;
use crate::error::Error;
use crate::extract::{AnySession, Form, Path, SignedIn};
use crate::page::{Faults, Look, Page, Reader, View, see_other};
use crate::path;

/// What the form for a new token sends.
#[derive(Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    label: String,
    scope: String,
    days: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            label: String::new(),
            scope: Scope::Read.as_str().to_owned(),
            days: "90".to_owned(),
        }
    }
}

struct SessionRow {
    id: i64,
    browser: String,
    address: String,
    started: Timestamp,
    used: Timestamp,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    faults: Faults,
    person: Person,
    sessions: Vec<SessionRow>,
    tokens: Vec<Token>,
    typed: Typed,
    scopes: [Scope; 2],
    new_token: Option<Secret>,
}

impl View for AccountPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

pub(crate) async fn show(
    State(state): State<AppState>,
    look: Look,
    AnySession(signed_in): AnySession,
) -> Result<Response, Error> {
    if signed_in.person.must_change_password {
        return password::form(look, &signed_in, Faults::default());
    }
    account(&state, look, signed_in).await?.answer()
}

pub(crate) async fn end_session(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    sessions::end_own(&state.stores, &signed_in.actor, id, state.clock.now()).await?;
    Ok(see_other("/account?done=session-ended"))
}

pub(crate) async fn create_token(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let created = try_to_create(&state, &signed_in, &typed).await;
    let view = match created {
        Ok(secret) => AccountPage {
            new_token: Some(secret),
            ..account(&state, look, signed_in).await?
        },
        Err(error) => AccountPage {
            faults: Faults::take(error)?,
            typed,
            ..account(&state, look, signed_in).await?
        },
    };
    view.answer_to(&view.faults)
}

pub(crate) async fn revoke_token(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    tokens::revoke(&state.stores, &signed_in.actor, id, state.clock.now()).await?;
    Ok(see_other("/account?done=token-revoked"))
}

async fn try_to_create(
    state: &AppState,
    signed_in: &SignedIn,
    typed: &Typed,
) -> Result<Secret, Error> {
    let scope = Scope::parse(&typed.scope).map_err(FieldErrors::from)?;
    let new = NewToken {
        person_id: signed_in.person.id,
        label: typed.label.clone(),
        scope,
        // What is no number is out of range.
        days: Some(typed.days.trim().parse().unwrap_or(0)),
    };
    let (_, secret) =
        tokens::create(&state.stores, &signed_in.actor, new, state.clock.now()).await?;
    Ok(secret)
}

async fn account(state: &AppState, look: Look, signed_in: SignedIn) -> Result<AccountPage, Error> {
    let (actor, this) = (&signed_in.actor, signed_in.session.id);
    let sessions = sessions::list_own(&state.stores, actor, state.clock.now()).await?;
    let tokens = tokens::list(&state.stores, actor, Some(signed_in.person.id)).await?;
    let page = look
        .page(Reader::from(&signed_in))
        .standing_at(path::ACCOUNT);
    Ok(AccountPage {
        sessions: sessions
            .into_iter()
            .map(|session| row(session, this, &page))
            .collect(),
        page,
        faults: Faults::default(),
        person: signed_in.person,
        tokens,
        typed: Typed::default(),
        scopes: [Scope::Read, Scope::Write],
        new_token: None,
    })
}

fn row(session: Session, this: i64, page: &Page) -> SessionRow {
    let browser = session.agent.as_deref().and_then(browser::name);
    SessionRow {
        id: session.id,
        browser: browser.unwrap_or_else(|| page.t("account-unknown-browser").to_owned()),
        address: session.address.unwrap_or_default(),
        started: session.created_at,
        used: session.last_seen_at,
        is_this: session.id == this,
    }
}
