//! `/`: the message board, with a form to post and older messages behind a link.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use school::messages::{self, Message, MessageInput, Posting};
use school::{Limit, Role};
use serde::Deserialize;
use traffic::Client;

use crate::app::AppState;
use crate::error::Error;
use crate::extract::{Form, Guest, Path, Query, SignedIn};
use crate::page::{Faults, Look, Page, Reader, Text, View, see_other, special_bytes};
use crate::path;
use crate::problem::Problem;

/// How many messages a page has at most.
const MOST_MESSAGES: u64 = 50;
/// How many bytes they may take in all: on a slow line a page of 30 kB is there at once. Long messages make
/// shorter pages, and the link to older ones begins after the last that is shown.
const MOST_BYTES: usize = 24 * 1024;
/// What a message takes besides its own text.
const FRAME_BYTES: usize = 130;
/// What the form to remove it takes, for those who may.
const REMOVE_BYTES: usize = 210;
/// The cursor's list.
const LIST: &str = "page:messages";

/// The query of the page.
#[derive(Deserialize)]
pub(crate) struct Place {
    cursor: Option<String>,
}

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    message: String,
    name: String,
}

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesPage {
    page: Page,
    faults: Faults,
    typed: Typed,
    may_post: bool,
    may_remove: bool,
    is_first: bool,
    messages: Vec<Message>,
    older: Option<String>,
}

impl View for MessagesPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

pub(crate) async fn show(
    State(state): State<AppState>,
    look: Look,
    guest: Guest,
    Query(place): Query<Place>,
) -> Result<Response, Error> {
    let before = place
        .cursor
        .map(|cursor| open(&state, &cursor))
        .transpose()?;
    let typed = Typed {
        message: String::new(),
        name: guest
            .signed_in
            .as_ref()
            .map(|signed_in| signed_in.person.name())
            .unwrap_or_default(),
    };
    board(&state, look, &guest, typed, before).await?.answer()
}

pub(crate) async fn post(
    State(state): State<AppState>,
    look: Look,
    guest: Guest,
    Extension(client): Extension<Client>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    match try_to_post(&state, &guest, &client, &typed).await {
        Ok(()) => Ok(see_other(path::HOME)),
        Err(error) => {
            let faults = Faults::take(error)?;
            let board = board(&state, look, &guest, typed, None).await?;
            let board = MessagesPage { faults, ..board };
            board.answer_to(&board.faults)
        }
    }
}

pub(crate) async fn remove(
    State(state): State<AppState>,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    messages::remove(&state.stores, &signed_in.actor, id, state.clock.now()).await?;
    Ok(see_other("/?done=removed"))
}

async fn try_to_post(
    state: &AppState,
    guest: &Guest,
    client: &Client,
    typed: &Typed,
) -> Result<(), Error> {
    let input = MessageInput {
        message: typed.message.clone(),
        name: Some(typed.name.clone()),
    };
    let new = input.check()?;
    state
        .limits()
        .admit_message(client, &guest.actor, state.elapsed_ms())?;
    messages::post(
        &state.stores,
        &guest.actor,
        state.config.posting,
        new,
        None,
        state.clock.now(),
    )
    .await?;
    Ok(())
}

async fn board(
    state: &AppState,
    look: Look,
    guest: &Guest,
    typed: Typed,
    before: Option<i64>,
) -> Result<MessagesPage, Error> {
    let limit = Limit::new(MOST_MESSAGES).unwrap_or_default();
    let found = messages::list(&state.stores, before, limit).await?;
    let may_remove = guest.actor.role >= Some(Role::Staff);
    let mut messages = found.rows;
    let fitting = fitting(&messages, may_remove);
    let has_more = found.has_more || fitting < messages.len();
    messages.truncate(fitting);
    let last = messages.last().filter(|_| has_more);
    Ok(MessagesPage {
        page: look.page(Reader::from(guest)),
        faults: Faults::default(),
        typed,
        may_post: state.config.posting == Posting::Open || guest.signed_in.is_some(),
        may_remove,
        is_first: before.is_none(),
        older: last.map(|last| state.cursor_key.seal(LIST, last.id)),
        messages,
    })
}

fn open(state: &AppState, cursor: &str) -> Result<i64, Error> {
    let place = state.cursor_key.open(LIST, cursor);
    place.ok_or_else(|| Error::new(&Problem::CURSOR, "the cursor is not for this list"))
}

/// How many of the messages fit into a page; one always does.
fn fitting(messages: &[Message], may_remove: bool) -> usize {
    let frame = FRAME_BYTES + if may_remove { REMOVE_BYTES } else { 0 };
    let mut bytes = 0;
    let fits = |message: &&Message| {
        bytes += frame
            + written_bytes(&message.message)
            + message.name.as_deref().map_or(0, written_bytes);
        bytes <= MOST_BYTES
    };
    messages.iter().take_while(fits).count().max(1)
}

/// A text's bytes in HTML.
fn written_bytes(text: &str) -> usize {
    text.len() + 4 * special_bytes(text)
}
