//! The people of the school: `/user`, `/user/{id}` and `/users`.

mod input;
mod list;
mod view;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::ETAG;
use school::{Person, people};

use super::failures::{BadBody, BadParameter, Busy, Changed, Conflict, Full, Missing, Refused};
use super::reply;
use crate::app::AppState;
use crate::error::Error;
use crate::extract::{
    Caller, IfMatch, IfNoneMatch, Json, MergePatch, NoQuery, Path, Query, RepeatKey, entity_tag,
};
use crate::path;
use input::{NewUser, UserPatch};
use list::{UserPage, UserQuery};
use view::User;

/// Add a user
///
/// Staff add members; administrators add anybody. Nobody can sign in as the new user until they are given a password.
#[utoipa::path(
    post,
    path = path::USER,
    operation_id = "create_user",
    tag = "users",
    request_body = NewUser,
    params(("Idempotency-Key" = Option<String>, Header, description = "Names this request for 24 hours, so that it can be sent again when its answer was lost.", pattern = "^([!#-~]{1,255}|\"[!#-~]{1,255}\")$", example = "0b9c1f5e-2d64-4c1b-9a7a-5f7d0d2f6c11")),
    security(("token" = []), ("session" = [])),
    responses(
        (status = 201, description = "Added.", body = User<'_>,
            headers(("Location" = String, description = "The user's address."), ("ETag" = String, description = "The user's version."),
                ("Idempotency-Replayed" = String, description = "`true` when this was done before under the same key."))),
        BadBody, Refused, Conflict, Busy, Full
    )
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    _: NoQuery,
    Caller(actor): Caller,
    repeat: RepeatKey,
    body: Json<NewUser>,
) -> Result<Response, Error> {
    let now = state.clock.now();
    let repeat = repeat.repeat(&actor, &body.raw, now)?;
    let new = body.value.check()?;
    let done = people::create(&state.stores, &actor, new, repeat, now).await?;
    let is_repeated = done.is_repeated();
    let person = done.into_object();
    let address = format!("{}/{}", path::USER, person.id);
    Ok(reply::created(answer(&person), &address, is_repeated))
}

/// Show one user
///
/// Everybody may see themselves, staff may see all.
#[utoipa::path(
    get,
    path = path::ONE_USER,
    operation_id = "show_user",
    tag = "users",
    params(
        ("id" = i64, Path, minimum = 1, description = "The user's number.", example = 1),
        ("If-None-Match" = Option<String>, Header, description = "The version that the caller has already.", example = "\"1\"")
    ),
    security(("token" = []), ("session" = [])),
    responses(
        (status = 200, description = "The user.", body = User<'_>, headers(("ETag" = String, description = "The user's version."))),
        (status = 304, description = "The caller has this version already.", headers(("ETag" = String, description = "The user's version."))),
        BadParameter, Refused, Missing, Busy
    )
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    _: NoQuery,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    known: IfNoneMatch,
) -> Result<Response, Error> {
    let person = people::find(&state.stores, &actor, id).await?;
    if known.covers(person.version) {
        return Ok((
            StatusCode::NOT_MODIFIED,
            [(ETAG, entity_tag(person.version))],
        )
            .into_response());
    }
    Ok(answer(&person))
}

/// Change a user
///
/// A JSON Merge Patch: what is absent stays, `null` removes an e-mail address or a username. With `If-Match` the change
/// is made only to the version that the caller has read; without it, to whatever version there is.
#[utoipa::path(
    patch,
    path = path::ONE_USER,
    operation_id = "change_user",
    tag = "users",
    request_body(content(
        (UserPatch = "application/merge-patch+json"),
        (UserPatch = "application/json"),
    )),
    params(
        ("id" = i64, Path, minimum = 1, description = "The user's number.", example = 1),
        ("If-Match" = Option<String>, Header, description = "The version that shall be changed.", example = "\"1\"")
    ),
    security(("token" = []), ("session" = [])),
    responses(
        (status = 200, description = "The user after the change.", body = User<'_>, headers(("ETag" = String, description = "The user's new version."))),
        BadBody, Refused, Missing, Conflict, Changed, Busy, Full
    )
)]
pub(crate) async fn change(
    State(state): State<AppState>,
    _: NoQuery,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    wanted: IfMatch,
    MergePatch(patch): MergePatch<UserPatch>,
) -> Result<Response, Error> {
    let patch = patch.check()?;
    let version = version(&state, &actor, id, &wanted).await?;
    let now = state.clock.now();
    let person = people::update(&state.stores, &actor, id, version, &patch, now).await?;
    Ok(answer(&person))
}

/// Remove a user
///
/// Only administrators may. The user's sessions and tokens end; their messages stay, without an author.
#[utoipa::path(
    delete,
    path = path::ONE_USER,
    operation_id = "remove_user",
    tag = "users",
    params(
        ("id" = i64, Path, minimum = 1, description = "The user's number.", example = 1),
        ("If-Match" = Option<String>, Header, description = "The version that shall be removed.", example = "\"1\"")
    ),
    security(("token" = []), ("session" = [])),
    responses((status = 204, description = "Removed."), BadParameter, Refused, Missing, Conflict, Changed, Busy, Full)
)]
pub(crate) async fn remove(
    State(state): State<AppState>,
    _: NoQuery,
    Caller(actor): Caller,
    Path(id): Path<i64>,
    wanted: IfMatch,
) -> Result<StatusCode, Error> {
    let version = version(&state, &actor, id, &wanted).await?;
    people::delete(&state.stores, &actor, id, version, state.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List users
///
/// For staff, by number, ascending. A walk by `next` meets each user exactly once, whatever is added or removed meanwhile.
#[utoipa::path(
    get,
    path = path::USERS,
    operation_id = "list_users",
    tag = "users",
    params(UserQuery),
    security(("token" = []), ("session" = [])),
    responses(
        (status = 200, description = "One page.", body = UserPage<'_>,
            headers(("Link" = String, description = "Pages that there are: `first`, `prev`, `next`."))),
        BadParameter, Refused, Busy
    )
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<UserQuery>,
) -> Result<Response, Error> {
    let wanted = query.check(&state.cursor_key)?;
    let page = people::list(&state.stores, &actor, &wanted).await?;
    Ok(list::answer(
        &state.cursor_key,
        &wanted,
        query.is_by_offset(),
        &page,
    ))
}

fn answer(person: &Person) -> Response {
    reply::tagged(reply::json(&User::of(person), 320), person.version)
}

/// The version that a change must find. Several tags are settled by the present version, which the change then insists on.
async fn version(
    state: &AppState,
    actor: &school::Actor,
    id: i64,
    wanted: &IfMatch,
) -> Result<Option<i64>, Error> {
    match wanted {
        IfMatch::Any => Ok(None),
        IfMatch::Versions(versions) if versions.len() == 1 => Ok(versions.first().copied()),
        IfMatch::Versions(_) => {
            let person = people::find(&state.stores, actor, id).await?;
            Ok(Some(if wanted.covers(person.version) {
                person.version
            } else {
                0
            }))
        }
    }
}
