//! `/admin/users/{id}`: one user, to change, disable and enable.

pub(super) mod create;
pub(super) mod delete;
mod fields;
pub(super) mod password;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use school::people::{self, PersonPatch};
use school::{Actor, Person, Role};

use crate::app::AppState;
use crate::error::Error;
use crate::extract::{Form, Path, SignedIn};
use crate::page::{Faults, Look, Page, Reader, View, see_other};
use crate::path;
use crate::problem::Problem;
use fields::{Stored, Typed};

/// Whether a person can sign in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Active,
    MustChange,
    NoPassword,
    Disabled,
}

impl Standing {
    pub(super) fn of(person: &Person) -> Self {
        match person {
            person if person.is_disabled => Self::Disabled,
            person if !person.has_password => Self::NoPassword,
            person if person.must_change_password => Self::MustChange,
            _ => Self::Active,
        }
    }

    /// The key of its words.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Active => "state-active",
            Self::MustChange => "state-must-change",
            Self::NoPassword => "state-no-password",
            Self::Disabled => "state-disabled",
        }
    }

    /// The look of its tag.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::MustChange | Self::NoPassword => "",
            Self::Disabled => "bad",
        }
    }
}

#[derive(Template)]
#[template(path = "user.html")]
struct UserPage {
    page: Page,
    faults: Faults,
    refusal: Option<String>,
    stored: Vec<Stored>,
    typed: Typed,
    /// The version that the form is about.
    version: i64,
    person: Person,
    standing: Standing,
    roles: &'static [Role],
    may_keep: bool,
    may_delete: bool,
    has_login: bool,
}

impl View for UserPage {
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
    signed_in.actor.must_be(Role::Staff)?;
    let person = people::find(&state.stores, &signed_in.actor, id).await?;
    user(look, &signed_in, person).answer()
}

pub(crate) async fn update(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
    Path(id): Path<i64>,
    Form(typed): Form<Typed>,
) -> Result<Response, Error> {
    let (patch, seen) = (typed.patch(), typed.version);
    let updated = people::update(
        &state.stores,
        &signed_in.actor,
        id,
        seen,
        &patch,
        state.clock.now(),
    )
    .await;
    let Err(error) = updated else {
        return Ok(see_other(&format!("{}?done=user-saved", address(id))));
    };
    let faults = Faults::take(error.into())?;
    let person = people::find(&state.stores, &signed_in.actor, id).await?;
    let form = user(look, &signed_in, person);
    if !faults.is(&Problem::CHANGED) {
        let version = seen.unwrap_or(form.version);
        return UserPage {
            typed,
            version,
            ..form
        }
        .refuse(faults);
    }
    let stored = typed.differences(&form.person, &form.page);
    let refusal = Some(form.page.t("user-stale").to_owned());
    let view = UserPage {
        refusal,
        stored,
        typed,
        ..form
    };
    view.answer_to(&faults)
}

pub(crate) async fn disable(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    switch(&state, look, &signed_in, (id, true)).await
}

pub(crate) async fn enable(
    State(state): State<AppState>,
    look: Look,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Error> {
    switch(&state, look, &signed_in, (id, false)).await
}

/// Whatever version was looked at: whoever must be kept out is kept out, even if they just changed something.
async fn switch(
    state: &AppState,
    look: Look,
    signed_in: &SignedIn,
    (id, is_disabled): (i64, bool),
) -> Result<Response, Error> {
    let (actor, now) = (&signed_in.actor, state.clock.now());
    let patch = PersonPatch {
        is_disabled: Some(is_disabled),
        ..PersonPatch::default()
    };
    match people::update(&state.stores, actor, id, None, &patch, now).await {
        Ok(_) => {
            let done = if is_disabled {
                "user-disabled"
            } else {
                "user-enabled"
            };
            Ok(see_other(&format!("{}?done={done}", address(id))))
        }
        Err(error) => {
            let faults = Faults::take(error.into())?;
            let person = people::find(&state.stores, actor, id).await?;
            user(look, signed_in, person).refuse(faults)
        }
    }
}

/// The page of a user as they are stored.
fn user(look: Look, signed_in: &SignedIn, person: Person) -> UserPage {
    let actor = &signed_in.actor;
    UserPage {
        page: look
            .page(Reader::from(signed_in))
            .standing_at(address(person.id)),
        faults: Faults::default(),
        refusal: None,
        stored: Vec::new(),
        typed: Typed::from(&person),
        version: person.version,
        standing: Standing::of(&person),
        roles: roles(actor),
        may_keep: actor.role == Some(Role::Admin) || person.role == Role::Member,
        may_delete: actor.role == Some(Role::Admin) && actor.person() != Some(person.id),
        has_login: person.email.is_some() || person.username.is_some(),
        person,
    }
}

impl UserPage {
    /// The page with what was wrong.
    fn refuse(self, faults: Faults) -> Result<Response, Error> {
        let refusal = faults.summary(&self.page);
        let view = Self {
            faults,
            refusal,
            ..self
        };
        view.answer_to(&view.faults)
    }
}

/// The roles that the actor may give.
fn roles(actor: &Actor) -> &'static [Role] {
    match actor.role {
        Some(Role::Admin) => &Role::ALL,
        _ => &[Role::Member],
    }
}

/// The address of a user's page.
fn address(id: i64) -> String {
    format!("{}/{id}", path::ADMIN_USERS)
}
