//! `/login` and `/logout`: into the house and out again.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{SET_COOKIE, USER_AGENT};
use school::Actor;
use school::secret::{Secret, SecretHash};
use school::sessions::{self, SessionError, SignIn};
use secrecy::SecretString;
use serde::Deserialize;
use traffic::Client;

use crate::app::AppState;
use crate::error::Error;
use crate::extract::{AnySession, Form, Guest, Query};
use crate::language::Language;
use crate::page::{Faults, Look, Page, Reader, View, see_other};
use crate::path;
use crate::problem::Problem;
use crate::session_cookie;

/// The query of the page.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    next: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    login: String,
    #[serde(default)]
    password: SecretString,
    #[serde(default)]
    next: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    page: Page,
    faults: Faults,
    refusal: Option<String>,
    login: String,
    next: String,
}

impl View for LoginPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

pub(crate) async fn show(
    look: Look,
    guest: Guest,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    if guest.signed_in.is_some() {
        return Ok(see_other(own_path(&wanted.next)));
    }
    let view = LoginPage {
        page: look.page(Reader::Guest),
        faults: Faults::default(),
        refusal: None,
        login: String::new(),
        next: own_path(&wanted.next).to_owned(),
    };
    view.answer()
}

pub(crate) async fn sign_in(
    State(state): State<AppState>,
    look: Look,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    match try_to_sign_in(&state, &client, &headers, &typed).await {
        Ok(secret) => {
            let cookie = session_cookie::grant(&client, &secret)?;
            Ok(([(SET_COOKIE, cookie)], see_other(own_path(&typed.next))).into_response())
        }
        Err(error) => refuse(look, &typed, error),
    }
}

pub(crate) async fn sign_out(
    State(state): State<AppState>,
    Extension(client): Extension<Client>,
    AnySession(signed_in): AnySession,
) -> Result<Response, Error> {
    sessions::end_own(
        &state.stores,
        &signed_in.actor,
        signed_in.session.id,
        state.clock.now(),
    )
    .await?;
    let cookie = session_cookie::withdraw(&client);
    Ok(([(SET_COOKIE, cookie)], see_other("/?done=signed-out")).into_response())
}

async fn try_to_sign_in(
    state: &AppState,
    client: &Client,
    headers: &HeaderMap,
    typed: &Typed,
) -> Result<Secret, Error> {
    session_cookie::must_be_safe(client)?;
    state
        .limits()
        .admit_sign_in(client, &typed.login, state.elapsed_ms())?;
    let visitor = Actor::visitor(Some(client.address), Some(client.request_id.to_string()));
    let agent = headers
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let input = SignIn {
        login: typed.login.clone(),
        password: typed.password.clone(),
        agent: agent.map(str::to_owned),
        replaces: session_cookie::find(headers, client).map(SecretHash::of),
    };
    let signed_in = sessions::sign_in(
        &state.stores,
        &state.hasher,
        &visitor,
        input,
        state.clock.now(),
    )
    .await;
    match signed_in {
        Ok((secret, _)) => Ok(secret),
        Err(SessionError::Wrong) => Err(Error::wrong_password()),
        Err(error) => Err(error.into()),
    }
}

/// The form again, with the same words for an unknown name as for a wrong password.
fn refuse(look: Look, typed: &Typed, error: Error) -> Result<Response, Error> {
    let faults = Faults::take(error)?;
    let page = look.page(Reader::Guest);
    let view = LoginPage {
        refusal: Some(refusal(page.language, &faults)),
        page,
        login: typed.login.clone(),
        next: own_path(&typed.next).to_owned(),
        faults,
    };
    view.answer_to(&view.faults)
}

fn refusal(language: Language, faults: &Faults) -> String {
    match faults.retry_after() {
        None => language.word("sign-in-wrong").to_owned(),
        Some(seconds) if faults.is(&Problem::TOO_MANY) => {
            language.sentence("sign-in-wait", [("seconds", seconds.into())])
        }
        Some(_) => language.word("sign-in-busy").to_owned(),
    }
}

/// Where to go after signing in: a path of ours, or the board. `//host` and `/\host` lead to other hosts.
fn own_path(next: &str) -> &str {
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic()) && !next.contains('\\');
    let is_own = next.starts_with('/') && !next.starts_with("//");
    if is_plain && is_own { next } else { path::HOME }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_only_a_path_of_ours_is_gone_to() {
        for next in ["/", "/account", "/admin/users?q=ani&cursor=x"] {
            assert_eq!(own_path(next), next);
        }
        for next in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\/evil",
            "account",
            "/a\r\nb: c",
            "/é",
        ] {
            assert_eq!(own_path(next), "/", "{next:?}");
        }
    }
}
