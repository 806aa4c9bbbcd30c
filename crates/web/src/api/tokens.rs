//! One's own API tokens: `/tokens`.

mod wire;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use school::actor::Denied;
use school::tokens::{self, NewToken, Scope};
use school::{Actor, FieldErrors, PersonId};

use super::failures::{BadBody, BadParameter, Busy, Full, Missing, Refused};
use super::reply;
use crate::app::AppState;
use crate::error::Error;
use crate::extract::{Caller, Json, NoQuery, Path, RepeatKey};
use crate::path;
use crate::problem::Problem;
use wire::{NewTokenView, TokenList, TokenView, TokenWish};

/// List one's own tokens
#[utoipa::path(
    get,
    path = path::TOKENS,
    operation_id = "list_tokens",
    tag = "tokens",
    security(("token" = []), ("session" = [])),
    responses((status = 200, description = "All of them.", body = TokenList<'_>), BadParameter, Refused, Busy)
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    _: NoQuery,
    Caller(actor): Caller,
) -> Result<Response, Error> {
    let tokens = tokens::list(&state.stores, &actor, Some(owner(&actor)?)).await?;
    let body = TokenList {
        tokens: tokens.iter().map(TokenView::of).collect(),
    };
    Ok(reply::json(&body, 128 * (tokens.len() + 1)))
}

/// Make a token for oneself
///
/// Its secret is shown once and stored nowhere, so the answer can't be given again: an `Idempotency-Key` is refused.
#[utoipa::path(
    post,
    path = path::TOKENS,
    operation_id = "create_token",
    tag = "tokens",
    request_body = TokenWish,
    security(("token" = []), ("session" = [])),
    responses(
        (status = 201, description = "Made.", body = NewTokenView<'_>,
            headers(("Location" = String, description = "The token's address."))),
        BadBody, Refused, Busy, Full
    )
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    _: NoQuery,
    Caller(actor): Caller,
    repeat: RepeatKey,
    body: Json<TokenWish>,
) -> Result<Response, Error> {
    repeat.refuse("a token's secret is shown once, so `Idempotency-Key` can't be kept here")?;
    let wish = body.value;
    let new = NewToken {
        person_id: owner(&actor)?,
        label: wish.label,
        scope: Scope::parse(&wish.scope).map_err(FieldErrors::from)?,
        days: Some(wish.days),
    };
    let (token, secret) = tokens::create(&state.stores, &actor, new, state.clock.now()).await?;
    let view = NewTokenView {
        token: TokenView::of(&token),
        secret: secret.reveal(),
    };
    let address = format!("{}/{}", path::TOKENS, token.id);
    Ok(reply::created(reply::json(&view, 256), &address, false))
}

/// Revoke a token
///
/// One's own; administrators may revoke anybody's. It counts no more from the next request on.
#[utoipa::path(
    delete,
    path = path::ONE_TOKEN,
    operation_id = "revoke_token",
    tag = "tokens",
    params(("id" = i64, Path, minimum = 1, description = "The token's number.", example = 1)),
    security(("token" = []), ("session" = [])),
    responses((status = 204, description = "Revoked."), BadParameter, Refused, Missing, Busy, Full)
)]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    _: NoQuery,
    Caller(actor): Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, Error> {
    tokens::revoke(&state.stores, &actor, id, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose tokens these are. Where the API is open, a caller may be nobody in particular, who has none.
fn owner(actor: &Actor) -> Result<PersonId, Error> {
    if actor.role.is_none() {
        return Err(Denied::SignIn.into());
    }
    let detail = "tokens belong to a person: send a token or sign in, even though the API is open";
    actor
        .person()
        .ok_or_else(|| Error::new(&Problem::FORBIDDEN, detail))
}
