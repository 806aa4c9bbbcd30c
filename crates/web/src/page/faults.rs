//! What was wrong with an input, for a page that shows the form again with what was typed.

use std::borrow::Cow;

use http::StatusCode;

use super::Page;
use crate::error::Error;
use crate::language::Language;
use crate::problem::Problem;

/// The faults of an input; none for a form that is shown for the first time.
#[derive(Default)]
pub(crate) struct Faults {
    problem: Option<&'static Problem>,
    /// Name of the field and code of the rule it breaks.
    fields: Vec<(Cow<'static, str>, &'static str)>,
    retry_after: Option<u64>,
}

impl Faults {
    /// Takes an error that whoever typed the input can mend; any other is given back, for an error page.
    pub(crate) fn take(error: Error) -> Result<Self, Error> {
        let report = error.report();
        let is_mendable = [
            &Problem::VALIDATION,
            &Problem::TAKEN,
            &Problem::LAST_ADMIN,
            &Problem::CHANGED,
            &Problem::TOO_MANY,
            &Problem::SEARCH_TOO_SLOW,
        ];
        let is_busy = *report.problem == Problem::UNAVAILABLE && report.cause.is_none();
        if !is_busy && !is_mendable.contains(&report.problem) {
            return Err(error);
        }
        Ok(Self {
            problem: Some(report.problem),
            fields: report
                .faults
                .iter()
                .map(|fault| (fault.field.clone(), fault.code))
                .collect(),
            retry_after: report.retry_after(),
        })
    }

    /// One field that breaks a rule which only the page knows.
    pub(crate) fn of_field(field: &'static str, code: &'static str) -> Self {
        Self {
            problem: Some(&Problem::VALIDATION),
            fields: vec![(Cow::Borrowed(field), code)],
            retry_after: None,
        }
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.problem
            .map_or(StatusCode::OK, |problem| problem.status)
    }

    /// Seconds after which another try may do.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// Whether the input failed in this way.
    pub(crate) fn is(&self, problem: &Problem) -> bool {
        self.problem == Some(problem)
    }

    /// Whether any field has a fault, for templates.
    pub(crate) fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Whether the field has a fault, for templates.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.iter().any(|(name, _)| name == field)
    }

    /// The field's fault in words, for templates.
    pub(crate) fn text(&self, page: &Page, field: &str) -> Option<&'static str> {
        let (_, code) = self.fields.iter().find(|(name, _)| name == field)?;
        page.language
            .find_word(&format!("fault-{code}"))
            .or_else(|| Some(page.t("fault-other")))
    }

    /// What was wrong as a whole; `None` if nothing was.
    pub(crate) fn summary(&self, page: &Page) -> Option<String> {
        let problem = self.problem?;
        if self.has_fields() {
            return Some(page.t("faults").to_owned());
        }
        let text = problem_words(page.language, problem).1;
        Some(match self.retry_after {
            Some(seconds) => format!("{text} {}", retry_words(page.language, seconds)),
            None => text.to_owned(),
        })
    }
}

/// Title and text of a problem in the reader's language.
pub(super) fn problem_words(
    language: Language,
    problem: &'static Problem,
) -> (&'static str, &'static str) {
    let word = |part| language.find_word(&format!("error-{}-{part}", problem.code));
    (
        word("title").unwrap_or(problem.title),
        word("text").unwrap_or(problem.meaning),
    )
}

/// When another try may do.
pub(super) fn retry_words(language: Language, seconds: u64) -> String {
    language.sentence("error-retry", [("seconds", seconds.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_has_words_in_every_language() {
        let codes = Problem::ALL.iter().map(|problem| problem.code);
        let keys =
            codes.flat_map(|code| ["title", "text"].map(|part| format!("error-{code}-{part}")));
        for key in keys {
            let has_words = |language: Language| language.find_word(&key).is_some();
            assert!(Language::ALL.into_iter().all(has_words), "{key}");
        }
    }
}
