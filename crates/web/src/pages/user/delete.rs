//! `/admin/users/{id}/delete`: asks once more, then deletes.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use school::{Person, Role, people};
use serde::Deserialize;

use super::address;
use crate::app::AppState;
use crate::error::Error;
use crate::extract::{Form, Path, SignedIn};
use crate::page::{Faults, Look, Page, Reader, View, see_other};
use crate::problem::Problem;

/// What the form sends: the version that was looked at.
#[derive(Deserialize)]
pub(crate) struct Seen {
    version: i64,
}

#[derive(Template)]
#[template(path = "user_delete.html")]
struct DeletePage {
    page: Page,
    person: Person,
    question: String,
    refusal: Option<String>,
}

impl View for DeletePage {
    fn page(&self) -> &Page {
        &self.page
    }
}

pub(crate) async fn show(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    signed_in.actor.must_be(Role::Admin)?;
    let person = people::find(&state.stores, &signed_in.actor, id).await?;
    ask(look, &signed_in, person, &Faults::default())
}

pub(crate) async fn delete(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
    Path(id): Path<i64>,
    Form(seen): Form<Seen>,
) -> Result<Response, Error> {
    let (actor, now) = (&signed_in.actor, state.clock.now());
    match people::delete(&state.stores, actor, id, Some(seen.version), now).await {
        Ok(()) => Ok(see_other("/admin/users?done=user-deleted")),
        Err(error) => {
            let faults = Faults::take(error.into())?;
            let person = people::find(&state.stores, actor, id).await?;
            ask(look, &signed_in, person, &faults)
        }
    }
}

fn ask(
    look: Look,
    signed_in: &SignedIn,
    person: Person,
    faults: &Faults,
) -> Result<Response, Error> {
    let page = look.page(Reader::from(signed_in));
    let refusal = if faults.is(&Problem::CHANGED) {
        Some(page.t("user-stale-delete").to_owned())
    } else {
        faults.summary(&page)
    };
    let view = DeletePage {
        question: page
            .language
            .sentence("user-delete-title", [("name", person.name().into())]),
        page: page.standing_at(format!("{}/delete", address(person.id))),
        person,
        refusal,
    };
    view.answer_to(faults)
}
