//! Text with words in backticks, as HTML.

use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};

/// Escapes itself, and sets what stands in backticks as code.
pub(crate) struct Prose<'a>(pub(crate) &'a str);

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.split('`').enumerate() {
            let part = escape(part, Html).map_err(|_| fmt::Error)?;
            match index % 2 {
                0 => write!(f, "{part}")?,
                _ => write!(f, "<code>{part}</code>")?,
            }
        }
        Ok(())
    }
}

impl HtmlSafe for Prose<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_backticks_is_code_and_everything_is_escaped() {
        let html = Prose("send `a<b` & `c`").to_string();
        assert_eq!(html, "send <code>a&#60;b</code> &#38; <code>c</code>");
        assert_eq!(Prose("plain").to_string(), "plain");
    }
}
