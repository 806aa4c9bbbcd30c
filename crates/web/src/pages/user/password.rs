//! `/admin/users/{id}/password`: a one-time password, shown once.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use school::people;
use secrecy::{ExposeSecret as _, SecretString};

use super::{address, user};
use crate::app::AppState;
use crate::error::Error;
use crate::extract::{Path, SignedIn};
use crate::page::{Faults, Look, Page, Reader, View};
use crate::pages::password::login;

#[derive(Template)]
#[template(path = "user_password.html")]
struct OneTimePasswordPage {
    page: Page,
    id: i64,
    whom: String,
    password: SecretString,
}

impl View for OneTimePasswordPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

pub(crate) async fn give(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    let (actor, now) = (&signed_in.actor, state.clock.now());
    match people::set_one_time_password(&state.stores, &state.hasher, actor, id, now).await {
        Ok((person, password)) => {
            let page = look.page(Reader::from(&signed_in)).standing_at(address(id));
            let names = [
                ("name", person.name().into()),
                ("login", login(&person).into()),
            ];
            let whom = page.language.sentence("user-password-for", names);
            OneTimePasswordPage {
                page,
                id,
                whom,
                password,
            }
            .answer()
        }
        Err(error) => {
            let faults = Faults::take(error.into())?;
            let person = people::find(&state.stores, actor, id).await?;
            user(look, &signed_in, person).refuse(faults)
        }
    }
}
