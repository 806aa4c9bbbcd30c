//! `/account/password`: one's own password; whoever was given a one-time password gets no further than here.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use school::Person;
use school::sessions::{self, PasswordChange};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use traffic::Client;

use crate::app::AppState;
use crate::error::Error;
use crate::extract::{AnySession, Form, SignedIn};
use crate::page::{Faults, Look, Page, Reader, View, see_other};
use crate::path;

/// What the form sends.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Typed {
    old_password: SecretString,
    password: SecretString,
    again: SecretString,
}

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    page: Page,
    faults: Faults,
    is_forced: bool,
    login: String,
}

impl View for PasswordPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

pub(crate) async fn show(look: Look, AnySession(signed_in): AnySession) -> Result<Response, Error> {
    form(look, &signed_in, Faults::default())
}

pub(crate) async fn change(
    State(state): State<AppState>,
    look: Look,
    AnySession(signed_in): AnySession,
    Extension(client): Extension<Client>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    if typed.password.expose_secret() != typed.again.expose_secret() {
        return form(
            look,
            &signed_in,
            Faults::of_field("again", "password_again"),
        );
    }
    match try_to_change(&state, &signed_in, &client, typed).await {
        Ok(()) if signed_in.person.must_change_password => Ok(see_other("/?done=password-changed")),
        Ok(()) => Ok(see_other("/account?done=password-changed")),
        Err(error) => form(look, &signed_in, Faults::take(error)?),
    }
}

/// The form, and what was wrong with the last try. Passwords that were typed are not sent back.
pub(super) fn form(look: Look, signed_in: &SignedIn, faults: Faults) -> Result<Response, Error> {
    let view = PasswordPage {
        page: look
            .page(Reader::from(signed_in))
            .standing_at(path::PASSWORD),
        is_forced: signed_in.person.must_change_password,
        login: login(&signed_in.person).to_owned(),
        faults,
    };
    view.answer_to(&view.faults)
}

/// Counts as a try to sign in, since it tells whether a password is right.
async fn try_to_change(
    state: &AppState,
    signed_in: &SignedIn,
    client: &Client,
    typed: Typed,
) -> Result<(), Error> {
    state
        .limits()
        .admit_sign_in(client, login(&signed_in.person), state.elapsed_ms())?;
    let change = PasswordChange {
        old: typed.old_password,
        new: typed.password,
        keep: Some(signed_in.session.id),
    };
    let now = state.clock.now();
    Ok(
        sessions::change_password(&state.stores, &state.hasher, &signed_in.actor, change, now)
            .await?,
    )
}

/// The name that a person signs in with.
pub(super) fn login(person: &Person) -> &str {
    person
        .email
        .as_deref()
        .or(person.username.as_deref())
        .unwrap_or_default()
}
