//! A ban: a network that is refused until a time, or for good.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::network::Network;

/// So many bans may be in force at a time; another one is refused until some have ended or are removed.
pub const MOST_BANS: usize = 100_000;
/// A reason has no more characters.
pub const LONGEST_REASON: usize = 200;

/// One ban. Written as JSON, its times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// Who is refused. There is one ban for each network.
    pub network: Network,
    /// Why, for people; may be empty.
    pub reason: String,
    /// Who made it: an actor's name.
    pub by: String,
    /// Since when, to the microsecond; tells one ban of a network from the next one.
    pub since: Timestamp,
    /// When it ends, to the microsecond; `None` for good.
    pub until: Option<Timestamp>,
    /// Whether it holds also for whom a ban would spare: this machine, trusted proxies, and gateways that hide others.
    pub is_forced: bool,
}

impl Ban {
    /// Whether it is in force at this time.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Why a text can't be the reason of a ban.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReason {
    /// There is not so much room.
    #[error("the reason is too long: write at most {LONGEST_REASON} characters")]
    TooLong,
    /// It would break the lists in which it stands.
    #[error("the reason holds a line end or another control character: write one line of text")]
    Control,
}

/// A reason as it is kept.
pub fn parse_reason(text: &str) -> Result<String, InvalidReason> {
    let text = text.trim();
    if text.chars().count() > LONGEST_REASON {
        return Err(InvalidReason::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidReason::Control);
    }
    Ok(text.to_owned())
}

/// Why a text is no length of a ban.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no length of a ban: write a number with `s`, `m`, `h`, `d` or `w`, such as `4h`, up to `520w`; leave it out \
     for a ban for good"
)]
pub struct InvalidLength(String);

/// The longest that is not for good: ten years.
const LONGEST: Duration = Duration::from_hours(520 * 7 * 24);

/// How long a ban lasts, such as `4h`.
pub fn parse_length(text: &str) -> Result<Duration, InvalidLength> {
    let invalid = || InvalidLength(text.to_owned());
    let unit = text.chars().next_back().ok_or_else(invalid)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return Err(invalid()),
    };
    let digits = &text[..text.len() - 1];
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits
        .parse()
        .ok()
        .filter(|_| is_number)
        .ok_or_else(invalid)?;
    let length = number
        .checked_mul(seconds)
        .map(Duration::from_secs)
        .ok_or_else(invalid)?;
    let is_good = !length.is_zero() && length <= LONGEST;
    is_good.then_some(length).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_has_a_number_and_a_unit() {
        let check =
            |text: &str, seconds| assert_eq!(parse_length(text), Ok(Duration::from_secs(seconds)));
        check("30s", 30);
        check("4h", 14_400);
        check("7d", 604_800);
        check("520w", 314_496_000);
        for text in [
            "",
            "4",
            "h",
            "0s",
            "-4h",
            "+4h",
            "4 h",
            "1.5h",
            "521w",
            "4é",
            "99999999999999999999s",
        ] {
            assert!(parse_length(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(
            parse_reason("  guesses passwords "),
            Ok("guesses passwords".to_owned())
        );
        assert_eq!(parse_reason("a\nb"), Err(InvalidReason::Control));
        assert_eq!(
            parse_reason(&"é".repeat(200)).map(|text| text.len()),
            Ok(400)
        );
        assert_eq!(parse_reason(&"é".repeat(201)), Err(InvalidReason::TooLong));
    }

    #[test]
    fn a_ban_ends_at_its_time() {
        let ban = Ban {
            network: "203.0.113.7".parse().unwrap(),
            reason: String::new(),
            by: "console".to_owned(),
            since: Timestamp::from_second(10).unwrap(),
            until: Timestamp::from_second(20).ok(),
            is_forced: false,
        };
        assert!(ban.is_in_force(Timestamp::from_second(19).unwrap()));
        assert!(!ban.is_in_force(Timestamp::from_second(20).unwrap()));
        let for_good = Ban { until: None, ..ban };
        assert!(for_good.is_in_force(Timestamp::MAX));
    }
}
