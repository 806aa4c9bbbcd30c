//! A point in time as a page shows it: in the reader's language and the school's time zone.

use std::fmt;

use askama::filters::HtmlSafe;
use askama::{FastWritable, Values};
use jiff::civil::DateTime;
use school::Timestamp;

use crate::language::Language;
use crate::zone::{Written, Zone};

/// A whole `<time>` element: for machines in its attribute, for people in its text.
pub(crate) struct Moment<'a> {
    pub(crate) at: Timestamp,
    pub(crate) zone: &'a Zone,
    pub(crate) language: Language,
}

impl Moment<'_> {
    fn write(&self, dest: &mut (impl fmt::Write + ?Sized)) -> fmt::Result {
        let (wall, ahead) = self.zone.wall(self.at);
        dest.write_str("<time datetime=\"")?;
        write_date(dest, &wall)?;
        write!(dest, "{}\">", Written(ahead))?;
        self.write_words(dest, &wall)?;
        dest.write_str("</time>")
    }

    /// Such as `20 Nov 2026 19.00`.
    fn write_words(&self, dest: &mut (impl fmt::Write + ?Sized), wall: &DateTime) -> fmt::Result {
        write!(
            dest,
            "{} {} {} ",
            wall.day(),
            self.language.word(month(wall)),
            wall.year()
        )?;
        write_two(dest, wall.hour())?;
        dest.write_str(self.language.word("time-separator"))?;
        write_two(dest, wall.minute())
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
fn write_date(dest: &mut (impl fmt::Write + ?Sized), wall: &DateTime) -> fmt::Result {
    write!(dest, "{:04}-", wall.year())?;
    write_two(dest, wall.month())?;
    dest.write_char('-')?;
    write_two(dest, wall.day())?;
    dest.write_char('T')?;
    write_two(dest, wall.hour())?;
    dest.write_char(':')?;
    write_two(dest, wall.minute())
}

fn write_two(dest: &mut (impl fmt::Write + ?Sized), number: i8) -> fmt::Result {
    let number = number.unsigned_abs();
    dest.write_char(char::from(b'0' + number / 10))?;
    dest.write_char(char::from(b'0' + number % 10))
}

impl fmt::Display for Moment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

impl FastWritable for Moment<'_> {
    fn write_into(&self, dest: &mut dyn fmt::Write, _values: &dyn Values) -> askama::Result<()> {
        Ok(self.write(dest)?)
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
        assert_eq!(moment.to_string(), expected);
    }

    #[test]
    fn each_language_writes_its_own_way_in_the_schools_zone() {
        let (id, en) = (Language::Id, Language::En);
        check(
            "2026-11-20T12:00:00Z",
            "WIB",
            id,
            "<time datetime=\"2026-11-20T19:00+07:00\">20 Nov 2026 19.00</time>",
        );
        check(
            "2026-12-31T18:05:59Z",
            "WIB",
            en,
            "<time datetime=\"2027-01-01T01:05+07:00\">1 Jan 2027 01:05</time>",
        );
        check(
            "2026-08-02T00:00:00Z",
            "UTC",
            id,
            "<time datetime=\"2026-08-02T00:00+00:00\">2 Agu 2026 00.00</time>",
        );
    }
}
