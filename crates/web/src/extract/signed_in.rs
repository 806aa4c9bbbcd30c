//! Who looks at a page: somebody signed in, somebody who must change their password first, or a guest.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use school::sessions::{self, Session};
use school::{Actor, Person};

use super::caller::{client, request_id};
use crate::app::AppState;
use crate::error::Error;
use crate::escape;
use crate::path;
use crate::session_cookie;

/// Somebody signed in, who may do what their role allows. Others are sent to sign in, or to change their
/// one-time password.
pub(crate) struct SignedIn {
    pub(crate) actor: Actor,
    pub(crate) person: Person,
    pub(crate) session: Session,
}

/// As [`SignedIn`], but whoever must change their password is let in as well: for the pages on which they do.
pub(crate) struct AnySession(pub(crate) SignedIn);

/// Somebody signed in, or nobody: for pages that all may see. Who must change their password is sent to do so.
pub(crate) struct Guest {
    pub(crate) actor: Actor,
    pub(crate) signed_in: Option<SignedIn>,
}

impl FromRequestParts<AppState> for AnySession {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let found = find(parts, state).await.map_err(Error::into_response)?;
        found.map(Self).ok_or_else(|| to_sign_in(parts))
    }
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let AnySession(signed_in) = AnySession::from_request_parts(parts, state).await?;
        if signed_in.person.must_change_password {
            return Err(see_other(path::PASSWORD));
        }
        Ok(signed_in)
    }
}

impl FromRequestParts<AppState> for Guest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let signed_in = find(parts, state).await.map_err(Error::into_response)?;
        if signed_in
            .as_ref()
            .is_some_and(|signed_in| signed_in.person.must_change_password)
        {
            return Err(see_other(path::PASSWORD));
        }
        let client = client(parts);
        let visitor = || Actor::visitor(Some(client.address), request_id(parts, &client));
        let actor = signed_in
            .as_ref()
            .map_or_else(visitor, |signed_in| signed_in.actor.clone());
        Ok(Self { actor, signed_in })
    }
}

async fn find(parts: &Parts, state: &AppState) -> Result<Option<SignedIn>, Error> {
    let client = client(parts);
    let Some(secret) = session_cookie::find(&parts.headers, &client) else {
        return Ok(None);
    };
    let found = sessions::resume(&state.stores, secret, state.clock.now()).await?;
    Ok(found.map(|(session, person)| SignedIn {
        actor: sessions::actor(&person, Some(client.address), request_id(parts, &client)),
        person,
        session,
    }))
}

/// To the sign-in page, which leads back to the page that was asked for.
fn to_sign_in(parts: &Parts) -> Response {
    if parts.method != Method::GET {
        return see_other(path::LOGIN);
    }
    let wanted = parts
        .uri
        .path_and_query()
        .map_or("/", |wanted| wanted.as_str());
    see_other(&format!(
        "{}?next={}",
        path::LOGIN,
        escape::query_value(wanted)
    ))
}

fn see_other(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::from_str(to).expect("paths and escaped text are header values");
    response.headers_mut().insert(LOCATION, to);
    response
}
