//! What the server says of itself to developers: the API's reference at `/docs`, and a page for each kind of problem.

mod example;
mod reference;

use askama::Template;
use axum::response::Response;

use crate::error::Error;
use crate::extract::{Guest, Path};
use crate::page::{Look, Page, Reader, View};
use crate::problem::Problem;

pub(crate) use reference::Reference;

#[derive(Template)]
#[template(path = "docs.html")]
struct ReferencePage<'a> {
    page: Page,
    reference: &'a Reference,
}

impl View for ReferencePage<'_> {
    fn page(&self) -> &Page {
        &self.page
    }
}

#[derive(Template)]
#[template(path = "problems.html")]
struct ProblemsPage<'a> {
    page: Page,
    problems: &'a [&'static Problem],
}

impl View for ProblemsPage<'_> {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// The API's reference.
pub(crate) fn show_reference(
    reference: &Reference,
    look: Look,
    guest: &Guest,
) -> Result<Response, Error> {
    let page = look.page(Reader::from(guest));
    ReferencePage { page, reference }.answer()
}

/// Every kind of problem.
pub(crate) async fn list_problems(look: Look, guest: Guest) -> Result<Response, Error> {
    let page = look.page(Reader::from(&guest));
    let problems = Problem::ALL;
    ProblemsPage { page, problems }.answer()
}

/// One kind of problem, to which `type` in a problem document leads.
pub(crate) async fn show_problem(
    Path(code): Path<String>,
    look: Look,
    guest: Guest,
) -> Result<Response, Error> {
    let problem = Problem::find(&code);
    let problem = problem.ok_or_else(|| Error::not_found("there is no such kind of problem"))?;
    let page = look.page(Reader::from(&guest));
    let problems = &[problem];
    ProblemsPage { page, problems }.answer()
}
