//! `/admin/users/new`: a user to be added.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use school::{Role, people};

use super::fields::Typed;
use super::{address, roles};
use crate::app::AppState;
use crate::error::Error;
use crate::extract::{Form, SignedIn};
use crate::page::{Faults, Look, Page, Reader, View, see_other};

#[derive(Template)]
#[template(path = "user_new.html")]
struct NewUserPage {
    page: Page,
    faults: Faults,
    typed: Typed,
    roles: &'static [Role],
}

impl View for NewUserPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

pub(crate) async fn show(look: Look, signed_in: SignedIn) -> Result<Response, Error> {
    signed_in.actor.must_be(Role::Staff)?;
    let typed = Typed {
        role: Role::Member.as_str().to_owned(),
        ..Typed::default()
    };
    form(look, &signed_in, typed, Faults::default())
}

pub(crate) async fn create(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    match try_to_create(&state, &signed_in, &typed).await {
        Ok(id) => Ok(see_other(&address(id))),
        Err(error) => form(look, &signed_in, typed, Faults::take(error)?),
    }
}

async fn try_to_create(
    state: &AppState,
    signed_in: &SignedIn,
    typed: &Typed,
) -> Result<i64, Error> {
    let new = typed.input().check()?;
    let created = people::create(
        &state.stores,
        &signed_in.actor,
        new,
        None,
        state.clock.now(),
    )
    .await?;
    Ok(created.into_object().id)
}

fn form(look: Look, signed_in: &SignedIn, typed: Typed, faults: Faults) -> Result<Response, Error> {
    let view = NewUserPage {
        page: look.page(Reader::from(signed_in)),
        faults,
        typed,
        roles: roles(&signed_in.actor),
    };
    view.answer_to(&view.faults)
}
