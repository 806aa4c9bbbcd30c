//! The message board: `/messages`.

mod wire;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::LINK;
use school::messages;

use super::failures::{BadBody, BadParameter, Busy, Full, Missing, Refused};
use super::link::Links;
use super::{paging, reply};
use crate::app::AppState;
use crate::error::Error;
use crate::extract::{Caller, Json, NoQuery, Path, Query, RepeatKey, Sender};
use crate::path;
use wire::{MessagePage, MessageQuery, MessageView, NewMessage};

const LIST: &str = "messages";

/// List messages
///
/// The newest first; anybody may. A walk by `next` meets each message exactly once.
#[utoipa::path(
    get,
    path = path::MESSAGES,
    operation_id = "list_messages",
    tag = "messages",
    params(MessageQuery),
    security((), ("token" = []), ("session" = [])),
    responses(
        (status = 200, description = "One page.", body = MessagePage<'_>,
            headers(("Link" = String, description = "Pages that there are: `first`, `next`."))),
        BadParameter, Refused, Busy
    )
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Caller(_): Caller,
    Query(query): Query<MessageQuery>,
) -> Result<Response, Error> {
    let open = |cursor: &str| paging::after(cursor, LIST, &state.cursor_key);
    let before = query.cursor.as_deref().map(open).transpose()?;
    let limit = paging::limit(query.limit)?;
    let page = messages::list(&state.stores, before, limit).await?;
    let last = page.rows.last().filter(|_| page.has_more);
    let next = last.map(|message| state.cursor_key.seal(LIST, message.id));
    let mut links = Links::new(path::MESSAGES, None).with("first", limit.rows(), None);
    if let Some(cursor) = &next {
        links = links.with("next", limit.rows(), Some(&format!("cursor={cursor}")));
    }
    let body = MessagePage {
        messages: page.rows.iter().map(MessageView::of).collect(),
        limit: limit.rows(),
        total: page.total,
        next,
    };
    let mut response = reply::json(&body, 128 + 256 * page.rows.len());
    response.headers_mut().insert(LINK, links.value());
    Ok(response)
}

/// Post a message
///
/// Anybody may, unless the school asks for an account.
#[utoipa::path(
    post,
    path = path::MESSAGES,
    operation_id = "post_message",
    tag = "messages",
    request_body = NewMessage,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request for 24 hours, so that it can be sent again when its answer was lost.", pattern = "^([!#-~]{1,255}|\"[!#-~]{1,255}\")$")),
    security((), ("token" = []), ("session" = [])),
    responses(
        (status = 201, description = "Posted.", body = MessageView<'_>,
            headers(("Location" = String, description = "The message's address."),
                ("Idempotency-Replayed" = String, description = "`true` when this was done before under the same key."))),
        BadBody, Refused, Busy, Full
    )
)]
pub(crate) async fn post(
    State(state): State<AppState>,
    _: NoQuery,
    Sender(client): Sender,
    Caller(actor): Caller,
    repeat: RepeatKey,
    body: Json<NewMessage>,
) -> Result<Response, Error> {
    let now = state.clock.now();
    let repeat = repeat.repeat(&actor, &body.raw, now)?;
    let new = body.value.check()?;
    state
        .limits()
        .admit_message(&client, &actor, state.elapsed_ms())?;
    let posting = state.config.posting;
    let done = messages::post(&state.stores, &actor, posting, new, repeat, now).await?;
    let is_repeated = done.is_repeated();
    let message = done.into_object();
    let response = reply::json(&MessageView::of(&message), 128 + message.message.len());
    let address = format!("{}/{}", path::MESSAGES, message.id);
    Ok(reply::created(response, &address, is_repeated))
}

/// Take a message down
///
/// Staff may.
#[utoipa::path(
    delete,
    path = path::ONE_MESSAGE,
    operation_id = "remove_message",
    tag = "messages",
    params(("id" = i64, Path, minimum = 1, description = "The message's number.", example = 1)),
    security(("token" = []), ("session" = [])),
    responses((status = 204, description = "Taken down."), BadParameter, Refused, Missing, Busy, Full)
)]
pub(crate) async fn remove(
    State(state): State<AppState>,
    _: NoQuery,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, Error> {
    messages::remove(&state.stores, &actor, id, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
