//! Points in time, and the one place that asks the system for the present one.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time: microseconds since 1970-01-01 UTC. Written as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This much later; stops at the end of time instead of wrapping.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This much earlier.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// The time since `earlier`; zero if that lies in the future, as after a clock that was set back.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Room for the longest text of a time.
type Text = [u8; 27];

impl Timestamp {
    /// The text of a time in a year of four digits, written by hand: the formatting machinery takes seven times as
    /// long, and most answers tell of times.
    fn text(self, text: &mut Text) -> Option<&str> {
        let time = jiff::Timestamp::from_microsecond(self.0).ok()?;
        let time = Offset::UTC.to_datetime(time);
        let year = u32::try_from(time.year()).ok()?;
        *text = *b"0000-00-00T00:00:00.000000Z";
        digits(&mut text[..4], year);
        let pairs = [
            time.month(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
        ];
        for (place, number) in text[5..19].chunks_mut(3).zip(pairs) {
            digits(&mut place[..2], number.unsigned_abs().into());
        }
        let micros = time.subsec_nanosecond().unsigned_abs() / 1000;
        digits(&mut text[20..26], micros);
        let end = match text[20..26].iter().rposition(|&digit| digit != b'0') {
            Some(last) => 21 + last,
            None => 19,
        };
        text[end] = b'Z';
        str::from_utf8(&text[..=end]).ok()
    }
}

/// Fills the place with the last digits of the number.
fn digits(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.text(&mut Text::default()) {
            return f.write_str(text);
        }
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => fmt::Display::fmt(&timestamp, f),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

/// A text that is no RFC 3339 time.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{0}` is no time: write RFC 3339, such as `2026-11-20T12:00:00Z`")]
pub struct InvalidTimestamp(String);

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let timestamp: jiff::Timestamp = text
            .parse()
            .map_err(|_| InvalidTimestamp(text.to_owned()))?;
        Ok(Self(timestamp.as_microsecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.text(&mut Text::default()) {
            Some(text) => serializer.serialize_str(text),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// Where the present time comes from: the system, or a test's hand.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that stands until it is set; shared by its clones.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `start`.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.0)))
    }

    /// The present time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one reader of the system's clock"
    )]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since_epoch = SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap_or_default();
                Timestamp(0).after(since_epoch)
            }
            Self::Manual(micros) => Timestamp(micros.load(Ordering::SeqCst)),
        }
    }

    /// Sets a manual clock forward or back; the system's clock is left alone.
    pub fn set(&self, now: Timestamp) {
        if let Self::Manual(micros) = self {
            micros.store(now.0, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_back_as_written() {
        for text in [
            "2026-11-20T12:00:00Z",
            "1969-12-31T23:59:59.999999Z",
            "2026-11-20T12:00:00.5Z",
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
        assert!("yesterday".parse::<Timestamp>().is_err());
    }

    #[test]
    fn a_time_is_written_as_the_long_way_would() {
        let times = [
            (-62_167_219_200_000_000..-62_167_219_199_000_000).step_by(999_983),
            (-1_000_001..1_000_001).step_by(99_991),
            (1_795_176_000_000_000..1_826_712_000_000_000).step_by(77_777_777_777),
            (253_402_207_200_000_000 - 10..253_402_207_200_000_000).step_by(1),
        ];
        for micros in times
            .into_iter()
            .flatten()
            .chain([i64::MIN, i64::MAX, 0, 100, 120_000])
        {
            let long = match jiff::Timestamp::from_microsecond(micros) {
                Ok(time) => time.to_string(),
                Err(_) => format!("{micros}us"),
            };
            assert_eq!(Timestamp(micros).to_string(), long);
            let json = serde_json::to_string(&Timestamp(micros)).unwrap();
            assert_eq!(json, format!("\"{long}\""));
        }
    }

    #[test]
    fn time_never_runs_backwards_for_those_who_measure_it() {
        let (early, late) = (Timestamp(5), Timestamp(9));
        assert_eq!(late.since(early), Duration::from_micros(4));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(
            Timestamp(i64::MAX).after(Duration::MAX),
            Timestamp(i64::MAX)
        );
    }
}
