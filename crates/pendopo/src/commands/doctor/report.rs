//! The lines of an examination.

use std::fmt::Display;
use std::process::ExitCode;

use crate::console::say;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Good,
    Warning,
    Failure,
}

/// Prints findings as they come, and remembers the worst.
#[derive(Debug, Default)]
pub(super) struct Report {
    warnings: usize,
    failures: usize,
}

impl Report {
    /// All is well.
    pub(super) fn good(&mut self, what: &str, found: impl Display) {
        self.note(Grade::Good, what, found);
    }

    /// It works, but somebody should look; says the mend.
    pub(super) fn warn(&mut self, what: &str, found: impl Display) {
        self.note(Grade::Warning, what, found);
    }

    /// It does not work; says the mend.
    pub(super) fn fail(&mut self, what: &str, found: impl Display) {
        self.note(Grade::Failure, what, found);
    }

    fn note(&mut self, grade: Grade, what: &str, found: impl Display) {
        let word = match grade {
            Grade::Good => "ok",
            Grade::Warning => "warn",
            Grade::Failure => "FAIL",
        };
        self.warnings += usize::from(grade == Grade::Warning);
        self.failures += usize::from(grade == Grade::Failure);
        say(format!("{word:<5} {what:<15} {found}"));
    }

    /// The last line, and the exit code.
    pub(super) fn conclude(self) -> ExitCode {
        say(format!(
            "\n{} failed, {} to look at",
            self.failures, self.warnings
        ));
        ExitCode::from(u8::from(self.failures > 0))
    }
}
