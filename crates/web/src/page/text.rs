//! Text that people typed, made safe for a page in one look where there is nothing to do.

use std::fmt;

use askama::filters::{Html, HtmlSafe, escape};
use askama::{FastWritable, Values};

/// Escaped as any text in a template is. Most has nothing to escape, which one pass over whole words of the machine
/// finds out; askama looks at each byte.
pub(crate) struct Text<'a>(pub(crate) &'a str);

/// How many bytes of the text become five in HTML each.
pub(crate) fn special_bytes(text: &str) -> usize {
    text.bytes()
        .filter(|byte| matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\''))
        .count()
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_into(f, askama::NO_VALUES)
            .map_err(|_| fmt::Error)
    }
}

impl FastWritable for Text<'_> {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        if special_bytes(self.0) == 0 {
            Ok(dest.write_str(self.0)?)
        } else {
            Ok(write!(dest, "{}", escape(self.0, Html)?)?)
        }
    }
}

/// It escapes itself.
impl HtmlSafe for Text<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_html_is_escaped_and_nothing_else() {
        for (text, expected) in [
            ("Rapat pukul 09.00, é 🙏\n", "Rapat pukul 09.00, é 🙏\n"),
            ("<b>&\"'", "&#60;b&#62;&#38;&#34;&#39;"),
            ("é<é", "é&#60;é"),
            ("", ""),
        ] {
            assert_eq!(Text(text).to_string(), expected);
        }
    }
}
