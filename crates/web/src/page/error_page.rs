//! A failed request as a page.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};

use super::faults::{problem_words, retry_words};
use super::{Look, Page, View};
use crate::error::Report;
use crate::language::Language;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    page: Page,
    status: u16,
    title: &'static str,
    text: &'static str,
    retry: Option<String>,
    may_sign_in: bool,
    request_id: String,
}

impl View for ErrorPage {
    fn page(&self) -> &Page {
        &self.page
    }
}

/// What the reader is told; the status and the headers are the caller's to set.
pub(crate) fn error_page(
    language: Language,
    uri: &Uri,
    report: &Report,
    request_id: String,
) -> Response {
    let (title, text) = problem_words(language, report.problem);
    let view = ErrorPage {
        page: Look::blind(uri, language),
        status: report.problem.status.as_u16(),
        title,
        text,
        retry: report
            .retry_after()
            .map(|seconds| retry_words(language, seconds)),
        may_sign_in: report.problem.status == StatusCode::UNAUTHORIZED,
        request_id,
    };
    view.answer()
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
