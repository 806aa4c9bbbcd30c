//! What an operator can set under `[web]`; every key has a default that serves.

use std::net::SocketAddr;

use school::messages::Posting;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use traffic::{Delay, MOST_BURST, Policy, Rate};

use crate::zone::Zone;

/// The pages' and the API's settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the role listens when it runs without `edge` in the same process. Default `127.0.0.1:8000`.
    pub listen: SocketAddr,
    /// Who may post messages: `open` for anybody, `signed_in` for those with an account. Default `open`.
    pub posting: Posting,
    /// The time zone of the pages: `system`, `UTC`, `WIB`, `WITA`, `WIT`, or an offset such as `+07:00`.
    /// Default `system`, the server's own.
    pub time_zone: Zone,
    /// How often something may be tried.
    pub limit: LimitConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            posting: Posting::Open,
            time_zone: Zone::default(),
            limit: LimitConfig::default(),
        }
    }
}

/// How often something may be tried; more is answered 429.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitConfig {
    /// Messages posted by one person, or without an account from one address (IPv6 by /64).
    /// Default 30 a minute, 20 at a time.
    pub messages: Allowance,
    /// Sign-ins tried from one address, for whatever accounts. Default 20 a minute, 30 at a time: a school
    /// often has one address.
    pub sign_in_address: Allowance,
    /// Sign-ins tried for one account, from wherever. Default 4 a minute, 10 at a time.
    pub sign_in_account: Allowance,
    /// Sign-ins tried in all. Default 20 a second, 200 at a time.
    pub sign_in_all: Allowance,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            messages: Allowance::new("30r/m", 20),
            sign_in_address: Allowance::new("20r/m", 30),
            sign_in_account: Allowance::new("4r/m", 10),
            sign_in_all: Allowance::new("20r/s", 200),
        }
    }
}

/// So much in the long run, so much at a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// In the long run, such as `20r/m` or `5r/s`.
    #[serde(serialize_with = "write_rate", deserialize_with = "read_rate")]
    pub rate: Rate,
    /// At a time, above the rate; at most 1,000,000.
    #[serde(deserialize_with = "read_burst")]
    pub burst: u32,
}

impl Allowance {
    fn new(rate: &str, burst: u32) -> Self {
        let rate = rate.parse().expect("the defaults are rates");
        Self { rate, burst }
    }

    /// The policy: what is above the burst is refused, nothing waits.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            rate: self.rate,
            burst: self.burst,
            delay: Delay::Never,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn write_rate<S: Serializer>(rate: &Rate, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(rate)
}

fn read_rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(de::Error::custom)
}

fn read_burst<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let burst = u32::deserialize(deserializer)?;
    if burst <= MOST_BURST {
        return Ok(burst);
    }
    let what = format!("{burst} is too large: write at most {MOST_BURST}");
    Err(de::Error::custom(what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_read_back_as_written() {
        let written = serde_json::to_string(&Config::default()).unwrap();
        assert_eq!(
            serde_json::from_str::<Config>(&written).unwrap(),
            Config::default()
        );
    }

    #[test]
    fn an_unknown_key_and_a_rate_that_is_none_are_refused() {
        for text in [
            r#"{"lisen": "127.0.0.1:1"}"#,
            r#"{"limit": {"messages": {"rate": "often", "burst": 1}}}"#,
        ] {
            assert!(serde_json::from_str::<Config>(text).is_err(), "{text}");
        }
    }
}
