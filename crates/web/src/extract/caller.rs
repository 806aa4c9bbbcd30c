//! Who calls the API: by token, by session, by the operator's leave, or nobody in particular.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method};
use school::tokens::{self, Bearer, Scope};
use school::{Actor, Person, Role, Who, sessions};
use traffic::Client;

use crate::app::AppState;
use crate::cross_origin;
use crate::error::Error;
use crate::problem::Problem;
use crate::session_cookie;

/// The actor of an API request.
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let client = client(parts);
        let request_id = request_id(parts, &client);
        let mut tokens = parts.headers.get_all(AUTHORIZATION).iter();
        if let Some(header) = tokens.next() {
            if tokens.next().is_some() {
                return Err(Error::bad_token(
                    "the header `Authorization` is given twice",
                ));
            }
            let actor = by_token(state, header, &client, request_id).await?;
            return Ok(Self(actor));
        }
        if let Some(person) = by_session(parts, state, &client).await? {
            return Ok(Self(sessions::actor(
                &person,
                Some(client.address),
                request_id,
            )));
        }
        let visitor = Actor::visitor(Some(client.address), request_id);
        if state.open_api {
            return anyone(parts, visitor).map(Self);
        }
        Ok(Self(visitor))
    }
}

/// Where the request came from, whoever sent it.
pub(crate) struct Sender(pub(crate) Client);

impl FromRequestParts<AppState> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        Ok(Self(client(parts)))
    }
}

/// Who sent the request; the outermost layer has made sure that this is known.
pub(crate) fn client(parts: &Parts) -> Client {
    *parts
        .extensions
        .get::<Client>()
        .expect("the outermost layer refuses requests without a client")
}

/// Only a change is named in the audit trail by its request; for a look the name need not be written.
pub(super) fn request_id(parts: &Parts, client: &Client) -> Option<String> {
    let is_look = parts.method == Method::GET || parts.method == Method::HEAD;
    (!is_look).then(|| client.request_id.to_string())
}

async fn by_token(
    state: &AppState,
    header: &HeaderValue,
    client: &Client,
    request_id: Option<String>,
) -> Result<Actor, Error> {
    let Some(secret) = header.to_str().ok().and_then(secret_of) else {
        return Err(Error::bad_token(
            "the header `Authorization` must be `Bearer TOKEN`",
        ));
    };
    let found = tokens::resume(&state.stores, secret, state.clock.now()).await?;
    let bearer = found.ok_or_else(|| {
        Error::bad_token("the token is unknown, expired or revoked, or its owner is disabled")
    })?;
    Ok(token_actor(&bearer, client, request_id))
}

fn secret_of(header: &str) -> Option<&str> {
    let (scheme, secret) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

fn token_actor(bearer: &Bearer, client: &Client, request_id: Option<String>) -> Actor {
    Actor {
        who: Who::Person(bearer.owner.id),
        role: Some(bearer.owner.role),
        may_write: bearer.token.scope == Scope::Write,
        address: Some(client.address),
        request_id,
    }
}

async fn by_session(
    parts: &Parts,
    state: &AppState,
    client: &Client,
) -> Result<Option<Person>, Error> {
    let Some(secret) = session_cookie::find(&parts.headers, client) else {
        return Ok(None);
    };
    let found = sessions::resume(&state.stores, secret, state.clock.now()).await?;
    match found {
        Some((_, person)) if person.must_change_password => Err(Error::new(
            &Problem::PASSWORD_CHANGE,
            "change the one-time password first, at `/account`",
        )),
        found => Ok(found.map(|(_, person)| person)),
    }
}

/// The operator opened the API to whoever reaches a loopback address. A page of another site may do so under a
/// name of its own that it lets point here, so only requests to an address or to `localhost` count.
fn anyone(parts: &Parts, visitor: Actor) -> Result<Actor, Error> {
    let is_local = cross_origin::authority(parts).is_some_and(|authority| is_local(&authority));
    if !is_local {
        let detail = "the open API answers only under `localhost` or an IP address";
        return Err(Error::new(&Problem::CROSS_ORIGIN, detail));
    }
    Ok(Actor {
        who: Who::Anyone,
        role: Some(Role::Admin),
        ..visitor
    })
}

fn is_local(authority: &Authority) -> bool {
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::IpAddr>().is_ok()
}
