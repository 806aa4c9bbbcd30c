//! A point in time as a page shows it: in the reader's language and the school's time zone.

use std::fmt;

use askama::filters::HtmlSafe;
use askama::{FastWritable, Values};
use jiff::civil::DateTime;
use school::Timestamp;

use crate::language::Language;
use crate::zone::{Zone, digit, push_offset, push_two};

/// The length of a whole element in the longest of our languages.
const MOST_BYTES: usize = 80;

/// A whole `<time>` element: for machines in its attribute, for people in its text.
pub(crate) struct Moment<'a> {
    pub(crate) at: Timestamp,
    pub(crate) zone: &'a Zone,
    pub(crate) language: Language,
}

impl Moment<'_> {
    /// Fifty of these stand on a page, so the digits are pushed one by one: a third of what formatting takes.
    fn element(&self) -> String {
        let (wall, ahead) = self.zone.wall(self.at);
        let mut text = String::with_capacity(MOST_BYTES);
        text.push_str("<time datetime=\"");
        push_date(&mut text, &wall);
        push_offset(&mut text, ahead);
        text.push_str("\">");
        self.push_words(&mut text, &wall);
        text.push_str("</time>");
        text
    }

    /// Such as `20 Nov 2026 19.00`.
    fn push_words(&self, text: &mut String, wall: &DateTime) {
        if wall.day() >= 10 {
            text.push(digit(wall.day().unsigned_abs() / 10));
        }
        text.push(digit(wall.day().unsigned_abs() % 10));
        text.push(' ');
        text.push_str(self.language.word(month(wall)));
        text.push(' ');
        push_year(text, wall);
        text.push(' ');
        push_two(text, wall.hour());
        text.push_str(self.language.word("time-separator"));
        push_two(text, wall.minute());
    }
}

fn month(wall: &DateTime) -> &'static str {
    const KEYS: [&str; 12] = [
        "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8",
        "month-9", "month-10", "month-11", "month-12",
    ];
    KEYS[usize::from(wall.month().unsigned_abs()) - 1]
}

/// RFC 3339 without seconds, as HTML allows.
fn push_date(text: &mut String, wall: &DateTime) {
    push_year(text, wall);
    text.push('-');
    push_two(text, wall.month());
    text.push('-');
    push_two(text, wall.day());
    text.push('T');
    push_two(text, wall.hour());
    text.push(':');
    push_two(text, wall.minute());
}

/// Four digits; the school has no times before our era.
fn push_year(text: &mut String, wall: &DateTime) {
    let year = wall.year().unsigned_abs();
    for place in [1000, 100, 10, 1] {
        text.push(digit(u8::try_from(year / place % 10).unwrap_or_default()));
    }
}

impl fmt::Display for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.element())
    }
}

impl FastWritable for Moment<'_> {
    fn write_into(&self, dest: &mut dyn fmt::Write, _values: &dyn Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.element())?)
    }
}

/// Digits and our own words only.
impl HtmlSafe for Moment<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(at: &str, zone: &str, language: Language, expected: &str) {
        let zone = zone.parse().unwrap();
        let at = at.parse().unwrap();
        let moment = Moment {
            at,
            zone: &zone,
            language,
        };
        assert_eq!(
            moment.to_string(),
            format!("<time datetime=\"{expected}</time>")
        );
        assert!(moment.element().len() <= MOST_BYTES);
    }

    #[test]
    fn each_language_writes_its_own_way_in_the_schools_zone() {
        let (id, en) = (Language::Id, Language::En);
        check(
            "2026-11-20T12:00:00Z",
            "WIB",
            id,
            "2026-11-20T19:00+07:00\">20 Nov 2026 19.00",
        );
        check(
            "2026-12-31T18:05:59Z",
            "WIB",
            en,
            "2027-01-01T01:05+07:00\">1 Jan 2027 01:05",
        );
        check(
            "2026-08-02T00:00:00Z",
            "UTC",
            id,
            "2026-08-02T00:00+00:00\">2 Agu 2026 00.00",
        );
        check(
            "2026-08-02T00:00:00Z",
            "-03:30",
            id,
            "2026-08-01T20:30-03:30\">1 Agu 2026 20.30",
        );
    }
}
