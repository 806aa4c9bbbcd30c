//! What is wrong with one field of an input.

use std::fmt;

/// One field's fault. `code` is stable and names the rule; `field` is the name in JSON and in forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Which field.
    pub field: &'static str,
    /// Which rule it breaks: a word of [`FieldError::text`].
    pub code: &'static str,
}

impl FieldError {
    /// The fault `code` of `field`.
    pub const fn new(field: &'static str, code: &'static str) -> Self {
        Self { field, code }
    }

    /// The rule in English, for the API; pages translate the code.
    pub fn text(&self) -> &'static str {
        match self.code {
            "required" => "is required",
            "too_long" => "is too long",
            "control_character" => "must not contain control characters",
            "email" => "must be an e-mail address, such as `ani@sekolah.example`",
            "username" => "must be 3 to 64 letters, digits, `.`, `_` or `-`",
            "role" => "must be `admin`, `staff` or `member`",
            "taken" => "is already in use",
            "password_short" => "must have at least 12 characters",
            "password_long" => "must have at most 200 characters",
            "password_common" => "is too common: choose one that nobody else uses",
            "password_same" => "must differ from the old one",
            "password_wrong" => "is wrong",
            "scope" => "must be `read` or `write`",
            "expiry" => "must lie between one and 366 days ahead",
            _ => "is not valid",
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.text())
    }
}

/// Every field's fault, at most one a field; never empty when it is an error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    /// Keeps the value, or the fault.
    pub fn take<T>(&mut self, result: Result<T, FieldError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    /// `None` if there was any fault.
    pub fn none(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl From<FieldError> for FieldErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

/// A text of 1 to `most` characters after trimming, without control characters; Unicode is kept as it is.
pub fn text(field: &'static str, raw: &str, most: usize) -> Result<String, FieldError> {
    let trimmed = raw.trim();
    if trimmed.is_empty() {
        return Err(FieldError::new(field, "required"));
    }
    if trimmed.chars().count() > most {
        return Err(FieldError::new(field, "too_long"));
    }
    if trimmed.chars().any(char::is_control) {
        return Err(FieldError::new(field, "control_character"));
    }
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: Result<&str, &'static str>) {
        let found = text("first_name", raw, 5).map_err(|error| error.code);
        assert_eq!(found.as_deref().map_err(|code| *code), expected, "{raw:?}");
    }

    #[test]
    fn a_text_is_trimmed_and_counted_in_characters() {
        check("  Ani ", Ok("Ani"));
        check(
            "\u{1F4DA}\u{1F4DA}\u{1F4DA}\u{1F4DA}\u{1F4DA}",
            Ok("\u{1F4DA}\u{1F4DA}\u{1F4DA}\u{1F4DA}\u{1F4DA}"),
        );
        check("123456", Err("too_long"));
        check(" \n ", Err("required"));
        check("a\u{0}b", Err("control_character"));
        check("a\u{85}b", Err("control_character"));
    }
}
