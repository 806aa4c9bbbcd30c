//! The time zone of the pages: the server's own, or one that the operator names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use school::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Zones with a name of their own in Indonesia, none of which ever moves its clocks: hours ahead of UTC.
const NAMED: [(&str, i8); 4] = [("UTC", 0), ("WIB", 7), ("WITA", 8), ("WIT", 9)];

/// A time zone: `system`, `UTC`, `WIB`, `WITA`, `WIT`, or an offset such as `+07:00`.
///
/// No other names, so that nothing depends on a database of zones that a small image does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    written: Arc<str>,
    zone: TimeZone,
}

/// A text that names no zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no time zone: write `system`, `UTC`, `WIB`, `WITA`, `WIT` or an offset such as `+07:00`"
)]
pub struct InvalidZone(String);

impl Zone {
    /// The point in time as a clock on the wall shows it, and how many seconds that is ahead of UTC.
    pub(crate) fn wall(&self, at: Timestamp) -> (DateTime, i32) {
        let at = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let offset = self.zone.to_offset(at);
        (offset.to_datetime(at), offset.seconds())
    }

    /// The zone itself, for whoever reckons with it.
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Where clocks show UTC.
    pub(crate) fn utc() -> Self {
        Self {
            written: "UTC".into(),
            zone: TimeZone::UTC,
        }
    }

    /// What people call it at this time: `WIB`, or `UTC+05:30`.
    pub(crate) fn name(&self, at: Timestamp) -> String {
        let (_, seconds) = self.wall(at);
        NAMED
            .iter()
            .find(|(_, hours)| i32::from(*hours) * 3600 == seconds)
            .map_or_else(|| offset_name(seconds), |(name, _)| (*name).to_owned())
    }
}

impl Default for Zone {
    /// The server's own; UTC where the server has none.
    fn default() -> Self {
        Self {
            written: "system".into(),
            zone: TimeZone::system(),
        }
    }
}

impl FromStr for Zone {
    type Err = InvalidZone;

    fn from_str(text: &str) -> Result<Self, InvalidZone> {
        if text == "system" {
            return Ok(Self::default());
        }
        let named = NAMED.iter().find(|(name, _)| *name == text);
        let offset = named
            .map(|(_, hours)| Offset::constant(*hours))
            .or_else(|| offset(text));
        let zone = offset
            .ok_or_else(|| InvalidZone(text.to_owned()))?
            .to_time_zone();
        Ok(Self {
            written: text.into(),
            zone,
        })
    }
}

/// Reads `+07:00`: a sign, two digits of hours, two of minutes.
fn offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_once(':')?;
    let number = |digits: &str, most: i32| {
        let is_plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .parse::<i32>()
            .ok()
            .filter(|number| is_plain && *number <= most)
    };
    Offset::from_seconds(sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60)).ok()
}

fn offset_name(seconds: i32) -> String {
    let mut name = "UTC".to_owned();
    push_offset(&mut name, seconds);
    name
}

/// Seconds ahead of UTC as RFC 3339 writes them: `+07:00`.
pub(crate) fn push_offset(text: &mut String, seconds: i32) {
    text.push(if seconds < 0 { '-' } else { '+' });
    let minutes = seconds.unsigned_abs() / 60;
    for part in [minutes / 60, minutes % 60] {
        push_two(text, i8::try_from(part).unwrap_or_default());
    }
    text.insert(text.len() - 2, ':');
}

/// Two digits.
pub(crate) fn push_two(text: &mut String, number: i8) {
    let number = number.unsigned_abs();
    text.push(digit(number / 10));
    text.push(digit(number % 10));
}

/// One digit.
pub(crate) fn digit(number: u8) -> char {
    char::from(b'0' + number)
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, hour: i8, name: &str) {
        let zone: Zone = text.parse().unwrap();
        let noon = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(
            (zone.wall(noon).0.hour(), zone.name(noon).as_str()),
            (hour, name),
            "{text}"
        );
        assert_eq!(zone.to_string(), text);
    }

    #[test]
    fn a_zone_moves_the_clock_and_has_a_name() {
        check("UTC", 12, "UTC");
        check("WIB", 19, "WIB");
        check("WIT", 21, "WIT");
        check("+08:00", 20, "WITA");
        check("+05:30", 17, "UTC+05:30");
        check("-03:30", 8, "UTC-03:30");
        assert!("system".parse::<Zone>().is_ok());
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "Asia/Jakarta",
            "wib",
            "+7",
            "+07",
            "+24:00",
            "+07:60",
            "+0700",
            "+-7:00",
            "é07:00",
        ] {
            assert_eq!(text.parse::<Zone>(), Err(InvalidZone(text.to_owned())));
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_shown_and_does_not_panic() {
        let zone: Zone = "WIB".parse().unwrap();
        assert_eq!(zone.wall(Timestamp(i64::MAX)).0.year(), 1970);
    }
}
