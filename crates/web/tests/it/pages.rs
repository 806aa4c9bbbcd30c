//! The pages: what they show, to whom, and how they take what is typed.

mod account;
mod audit;
mod board;
mod errors;
mod files;
mod form;
mod languages;
mod markup;
mod sign_in;
mod status;
mod users;

use http::Method;

use crate::support::{Answer, Caller};

/// What a browser sends with a page's form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Somebody with a browser.
pub(crate) trait Browse {
    /// Looks at a page, which must be there.
    async fn look(&self, path: &str) -> Answer;
    /// Sends a form.
    async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer;
}

impl Browse for Caller {
    async fn look(&self, path: &str) -> Answer {
        self.clone()
            .header("accept", "text/html")
            .get(path)
            .await
            .expect(200)
    }

    async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let browser = self
            .clone()
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin");
        browser
            .send_as(Method::POST, path, FORM, form::encoded(fields))
            .await
    }
}

/// Checks that the answer leads to `path`.
#[track_caller]
pub(crate) fn leads_to(answer: &Answer, path: &str) {
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, path),
        "{answer:?}"
    );
}

/// Checks that the page holds each text, as it stands in its source.
#[track_caller]
pub(crate) fn holds(answer: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(
            answer.text().contains(text),
            "{text} is not in:\n{}",
            answer.text()
        );
    }
}

/// Checks that the page holds none of the texts.
#[track_caller]
pub(crate) fn lacks(answer: &Answer, texts: &[&str]) {
    for text in texts {
        assert!(
            !answer.text().contains(text),
            "{text} is in:\n{}",
            answer.text()
        );
    }
}

/// Where the page's link to the next part of its list leads.
pub(crate) fn next(answer: &Answer) -> Option<String> {
    let (before, _) = answer.text().split_once("\" rel=\"next\"")?;
    before
        .rsplit('"')
        .next()
        .map(|path| path.replace("&#38;", "&"))
}
