//! When backups are made: the five fields of cron, or `off`.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};
use school::Timestamp;
use serde::{Deserialize, Serialize};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// 29 February comes again within this time.
const YEARS: i16 = 9;

/// Minute, hour, day of the month, month and day of the week, as in crontab(5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Schedule {
    written: String,
    fields: Option<Fields>,
}

/// Each field as a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fields {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Where both days are given, one of them is enough; so says POSIX.
    is_either_day: bool,
}

/// A text that is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no schedule: write minute, hour, day, month and weekday, such as `0 2 * * *` for each night at two, or `off`"
)]
pub struct InvalidSchedule(String);

impl Schedule {
    /// The first time after this one; `None` for `off`, and for a day that never comes.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let fields = self.fields?;
        let after = jiff::Timestamp::from_microsecond(after.0).ok()?;
        let from = after.to_zoned(zone.clone()).datetime();
        let mut candidate = from;
        loop {
            candidate = fields.next(candidate, from.year() + YEARS)?;
            // An hour that the clocks skip is made up for after it; one that they repeat counts once.
            let at = zone.to_ambiguous_timestamp(candidate).compatible().ok()?;
            if at > after {
                return Some(Timestamp(at.as_microsecond()));
            }
        }
    }
}

impl Fields {
    fn next(&self, after: DateTime, last_year: i16) -> Option<DateTime> {
        let minute = |time: DateTime| time.with().second(0).subsec_nanosecond(0).build().ok();
        let mut time = minute(after)?.checked_add(1.minute()).ok()?;
        while time.year() <= last_year {
            time = match self.unfit(time) {
                None => return Some(time),
                Some(step) => step(time)?,
            };
        }
        None
    }

    /// By which step the time is to be moved on; `None` if it fits.
    fn unfit(&self, time: DateTime) -> Option<fn(DateTime) -> Option<DateTime>> {
        if !holds(self.months, time.month()) {
            return Some(|time| start_of_day(time.first_of_month(), 1.month()));
        }
        if !self.fits_day(time) {
            return Some(|time| start_of_day(time, 1.day()));
        }
        if !holds(self.hours, time.hour()) {
            return Some(|time| {
                let hour = time.with().minute(0).build().ok()?;
                hour.checked_add(1.hour()).ok()
            });
        }
        if !holds(self.minutes, time.minute()) {
            return Some(|time| time.checked_add(1.minute()).ok());
        }
        None
    }

    fn fits_day(&self, time: DateTime) -> bool {
        let day = holds(self.days, time.day());
        let weekday = holds(self.weekdays, time.weekday().to_sunday_zero_offset());
        if self.is_either_day {
            day || weekday
        } else {
            day && weekday
        }
    }
}

fn start_of_day(time: DateTime, later: Span) -> Option<DateTime> {
    let date = time.date().checked_add(later).ok()?;
    Some(date.to_datetime(Time::midnight()))
}

fn holds(set: u64, number: i8) -> bool {
    set >> number & 1 == 1
}

impl FromStr for Schedule {
    type Err = InvalidSchedule;

    fn from_str(text: &str) -> Result<Self, InvalidSchedule> {
        let fields = match text {
            "off" => None,
            _ => Some(fields(text).ok_or_else(|| InvalidSchedule(text.to_owned()))?),
        };
        Ok(Self {
            written: text.to_owned(),
            fields,
        })
    }
}

fn fields(text: &str) -> Option<Fields> {
    let mut parts = text.split_ascii_whitespace();
    let mut part = || parts.next();
    let (minutes, hours, days) = (part()?, part()?, part()?);
    let (months, weekdays) = (part()?, part()?);
    if part().is_some() {
        return None;
    }
    let week = set(weekdays, 0..=7, &WEEKDAYS)?;
    Some(Fields {
        minutes: set(minutes, 0..=59, &[])?,
        hours: set(hours, 0..=23, &[])?,
        days: set(days, 1..=31, &[])?,
        months: set(months, 1..=12, &MONTHS)?,
        // 7 is Sunday as well.
        weekdays: week | week >> 7 & 1,
        is_either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
    })
}

/// A list of `*`, numbers, names and ranges, each with a step.
fn set(text: &str, range: RangeInclusive<u8>, names: &[&str]) -> Option<u64> {
    let mut set = 0;
    for item in text.split(',') {
        let (span, step) = match item.split_once('/') {
            Some((span, step)) => (span, step.parse().ok().filter(|step| *step > 0)?),
            None => (item, 1),
        };
        let number = |text: &str| number(text, &range, names);
        let (first, last) = match span.split_once('-') {
            _ if span == "*" => (*range.start(), *range.end()),
            Some((first, last)) => (number(first)?, number(last)?),
            // A step without an end goes as far as it can.
            None if item.contains('/') => (number(span)?, *range.end()),
            None => (number(span)?, number(span)?),
        };
        if first > last {
            return None;
        }
        (first..=last)
            .step_by(step)
            .for_each(|number| set |= 1 << number);
    }
    Some(set)
}

fn number(text: &str, range: &RangeInclusive<u8>, names: &[&str]) -> Option<u8> {
    let name = names
        .iter()
        .position(|name| text.eq_ignore_ascii_case(name));
    let named = name.and_then(|place| u8::try_from(place).ok());
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let written = is_number.then(|| text.parse().ok()).flatten();
    let number = written.or_else(|| named.map(|place| place + range.start()))?;
    range.contains(&number).then_some(number)
}

impl TryFrom<String> for Schedule {
    type Error = InvalidSchedule;

    fn try_from(text: String) -> Result<Self, InvalidSchedule> {
        text.parse()
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.written
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::Offset;

    use super::*;

    fn next(schedule: &str, after: &str, zone: &TimeZone) -> String {
        let schedule: Schedule = schedule.parse().unwrap();
        let next = schedule.next(after.parse().unwrap(), zone);
        next.map_or_else(|| "never".to_owned(), |next| next.to_string())
    }

    #[test]
    fn the_next_time_is_the_first_one_that_fits() {
        let after = "2026-11-20T12:00:30Z";
        for (schedule, expected) in [
            ("0 2 * * *", "2026-11-21T02:00:00Z"),
            ("* * * * *", "2026-11-20T12:01:00Z"),
            ("*/15 12 * * *", "2026-11-20T12:15:00Z"),
            ("30 1,13 * * *", "2026-11-20T13:30:00Z"),
            ("0 0 1 * *", "2026-12-01T00:00:00Z"),
            ("0 0 29 2 *", "2028-02-29T00:00:00Z"),
            ("0 3 * * sun", "2026-11-22T03:00:00Z"),
            ("0 3 * * 7", "2026-11-22T03:00:00Z"),
            ("0 3 * * mon-fri", "2026-11-23T03:00:00Z"),
            ("0 3 1 * Mon", "2026-11-23T03:00:00Z"),
            ("0 3 1 Jan *", "2027-01-01T03:00:00Z"),
            ("5/20 12 * * *", "2026-11-20T12:05:00Z"),
            ("0 0 31 2 *", "never"),
            ("off", "never"),
        ] {
            assert_eq!(
                next(schedule, after, &TimeZone::UTC),
                expected,
                "{schedule}"
            );
        }
    }

    #[test]
    fn the_clock_is_the_schools() {
        let jakarta = TimeZone::fixed(Offset::constant(7));
        assert_eq!(
            next("0 2 * * *", "2026-11-20T12:00:00Z", &jakarta),
            "2026-11-20T19:00:00Z"
        );
    }

    #[test]
    fn an_hour_that_is_skipped_is_made_up_for_and_one_that_comes_twice_counts_once() {
        // Berlin, by its rule alone: no database of zones is needed.
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(
            next("30 2 * * *", "2027-03-28T00:00:00Z", &berlin),
            "2027-03-28T01:30:00Z"
        );
        let first = next("30 2 * * *", "2026-10-25T00:00:00Z", &berlin);
        assert_eq!(first, "2026-10-25T00:30:00Z");
        assert_eq!(next("30 2 * * *", &first, &berlin), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in [
            "",
            "2",
            "0 2 * *",
            "0 2 * * * *",
            "60 2 * * *",
            "0 24 * * *",
            "0 2 0 * *",
            "0 2 * 13 *",
            "0 2 * * 8",
            "a 2 * * *",
            "5-1 2 * * *",
            "*/0 2 * * *",
            "+1 2 * * *",
            "1- 2 * * *",
            "@daily",
        ] {
            let error = text.parse::<Schedule>().unwrap_err().to_string();
            assert!(error.contains("`0 2 * * *`"), "{text}");
        }
    }
}
