//! What an operator can set in an `[[edge.limits]]`: one more limit, with a key of its own.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use http::HeaderName;
use serde::{Deserialize, Serialize};
use traffic::{Delay, MOST_BURST, Policy};

use super::units::{RateSetting, invalid};
use super::{Config, InvalidUnit, LimitConfig, SiteConfig};

/// The name of the limit in `[edge.limit]`.
const ADDRESS: &str = "address";

/// More would only make each request slower.
const MOST_LIMITS: usize = 15;

/// With them, a table takes half a gigabyte once it is full.
const MOST_KEYS: usize = 1 << 24;

/// One more limit of requests, counted apart from `[edge.limit]`. A request must pass all limits of its site: when one
/// refuses it, none counts it; when several make it wait, the longest wait counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyedLimitConfig {
    /// The name by which sites, the log and the metrics know it.
    pub name: String,
    /// What is counted apart: `address` (IPv6 by /64), `site`, or `header:NAME` for each value of a header; a request
    /// without the header is not counted by this limit. Default `address`.
    pub key: LimitKey,
    /// Requests a second or a minute, such as `20r/s` or `600r/m`; `off` limits nobody. It has no default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<RateSetting>,
    /// Requests above the rate that are taken at a time, at most 1,000,000; more are refused. Default 0.
    pub burst: u32,
    /// Of these, how many go through at once; the others wait until the rate allows them. Default 0.
    pub delay: u32,
    /// Whether the whole burst goes through at once. Default false.
    pub nodelay: bool,
    /// Whether the limit only says, in log and metrics, what it would do. Default false.
    pub dry_run: bool,
    /// The status of refusals: 429 or 503. Default 429.
    pub status: LimitStatus,
    /// Whether it holds for every site that does not name its limits, and where no site is configured. Default true.
    pub everywhere: bool,
    /// Keys remembered at a time, 34 bytes each, at most 16,777,216; more are forgotten, not refused. Default 32,768.
    pub keys: usize,
}

impl Default for KeyedLimitConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            key: LimitKey::Address,
            rate: None,
            burst: 0,
            delay: 0,
            nodelay: false,
            dry_run: false,
            status: LimitStatus::TooManyRequests,
            everywhere: true,
            keys: 32_768,
        }
    }
}

/// By what requests are counted apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LimitKey {
    /// The client's address, IPv6 by /64.
    Address,
    /// The site's rule.
    Site,
    /// The value of this header.
    Header(HeaderName),
}

impl FromStr for LimitKey {
    type Err = InvalidUnit;

    fn from_str(text: &str) -> Result<Self, InvalidUnit> {
        let header = text
            .strip_prefix("header:")
            .and_then(|name| HeaderName::try_from(name).ok());
        match (text, header) {
            (ADDRESS, _) => Ok(Self::Address),
            ("site", _) => Ok(Self::Site),
            (_, Some(name)) => Ok(Self::Header(name)),
            _ => Err(invalid(
                text,
                "key of a limit",
                "`address`, `site`, or a header as in `header:x-api-key`",
            )),
        }
    }
}

impl fmt::Display for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str(ADDRESS),
            Self::Site => f.write_str("site"),
            Self::Header(name) => write!(f, "header:{name}"),
        }
    }
}

impl TryFrom<String> for LimitKey {
    type Error = InvalidUnit;

    fn try_from(text: String) -> Result<Self, InvalidUnit> {
        text.parse()
    }
}

impl From<LimitKey> for String {
    fn from(key: LimitKey) -> Self {
        key.to_string()
    }
}

/// The status of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum LimitStatus {
    /// 429.
    TooManyRequests,
    /// 503, as nginx answers unless told otherwise.
    ServiceUnavailable,
}

impl TryFrom<u16> for LimitStatus {
    type Error = InvalidUnit;

    fn try_from(status: u16) -> Result<Self, InvalidUnit> {
        match status {
            429 => Ok(Self::TooManyRequests),
            503 => Ok(Self::ServiceUnavailable),
            other => Err(invalid(
                &other.to_string(),
                "status of refusals",
                "429, or 503 as nginx answers",
            )),
        }
    }
}

impl From<LimitStatus> for u16 {
    fn from(status: LimitStatus) -> Self {
        match status {
            LimitStatus::TooManyRequests => 429,
            LimitStatus::ServiceUnavailable => 503,
        }
    }
}

/// What becomes of an address behind which everybody stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Masked {
    /// Limits by address only say what they would do to it.
    #[default]
    Observe,
    /// It is limited as any other.
    Enforce,
}

impl LimitConfig {
    /// The same in the form of the others.
    fn keyed(&self) -> KeyedLimitConfig {
        KeyedLimitConfig {
            name: ADDRESS.to_owned(),
            key: LimitKey::Address,
            rate: Some(self.rate),
            burst: self.burst,
            delay: self.delay,
            nodelay: self.nodelay,
            dry_run: self.dry_run,
            status: self.status,
            everywhere: true,
            keys: self.addresses,
        }
    }
}

impl KeyedLimitConfig {
    /// The policy these settings describe; `None` when the limit is off.
    pub(crate) fn policy(&self) -> Option<Policy> {
        let delay = if self.nodelay {
            Delay::Never
        } else {
            Delay::Beyond(self.delay)
        };
        self.rate?.rate().map(|rate| Policy {
            rate,
            burst: self.burst,
            delay,
        })
    }
}

impl Config {
    /// Every limit that is not off: that of `[edge.limit]`, then the others in their order.
    pub(crate) fn all_limits(&self) -> Vec<KeyedLimitConfig> {
        let all = std::iter::once(self.limit.keyed()).chain(self.limits.iter().cloned());
        all.filter(|limit| limit.policy().is_some()).collect()
    }

    /// The places among all limits of those that hold where a site names none.
    pub(crate) fn limits_everywhere(&self) -> Box<[usize]> {
        let limits = self.all_limits().into_iter().enumerate();
        limits
            .filter_map(|(place, limit)| limit.everywhere.then_some(place))
            .collect()
    }

    /// The places among all limits of those that hold at a site, in their order.
    pub(crate) fn limits_at(&self, site: &SiteConfig) -> Box<[usize]> {
        let Some(names) = &site.limits else {
            return self.limits_everywhere();
        };
        let limits = self.all_limits().into_iter().enumerate();
        limits
            .filter_map(|(place, limit)| names.contains(&limit.name).then_some(place))
            .collect()
    }

    /// Every fault of the limits and of what sites say of them, each with its section, its key and the mend.
    pub(super) fn limit_faults(&self) -> Vec<(&'static str, String, String)> {
        let mut found = Vec::new();
        let own = of_sizes(self.limit.burst, "addresses", self.limit.addresses).into_iter();
        found.extend(own.map(|(key, what)| ("edge.limit", format!("edge.limit.{key}"), what)));
        if self.limits.len() > MOST_LIMITS {
            let what = format!("there are more than {MOST_LIMITS}: leave some out");
            found.push(("edge.limits", "edge.limits".to_owned(), what));
        }
        for (index, limit) in self.limits.iter().enumerate() {
            let of_limit = of_limit(limit, &self.limits[..index]);
            found.extend(of_limit.into_iter().map(|(key, what)| {
                let key = format!("edge.limits[{index}].{key}");
                ("edge.limits", key, what)
            }));
        }
        for (index, site) in self.site.iter().enumerate() {
            let key = format!("edge.site[{index}].limits");
            let whats = self.of_site_limits(site).into_iter();
            found.extend(whats.map(|what| ("edge.site", key.clone(), what)));
        }
        found
    }

    fn of_site_limits(&self, site: &SiteConfig) -> Vec<String> {
        let (mut whats, mut seen) = (Vec::new(), HashSet::new());
        for name in site.limits.iter().flatten() {
            let is_known = name == ADDRESS || self.limits.iter().any(|limit| limit.name == *name);
            if !is_known {
                whats.push(format!(
                    "there is no limit `{name}`: name `{ADDRESS}` for `[edge.limit]`, or an `[[edge.limits]]`"
                ));
            } else if !seen.insert(name) {
                whats.push(format!("`{name}` stands there twice"));
            }
        }
        whats
    }
}

fn of_limit(limit: &KeyedLimitConfig, earlier: &[KeyedLimitConfig]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let name = limit.name.as_str();
    if name.is_empty() || !name.bytes().all(super::routes::is_name_byte) {
        let what = format!(
            "`{name}` is no name: write letters, digits, `-`, `_` and `.`, such as `login`"
        );
        found.push(("name", what));
    } else if name == ADDRESS || earlier.iter().any(|other| other.name == name) {
        let what = format!(
            "there is another limit `{name}`: give each its own name (`{ADDRESS}` is that of `[edge.limit]`)"
        );
        found.push(("name", what));
    }
    if limit.rate.is_none() {
        let what = "is missing: write requests a second or a minute, such as `20r/s` or `600r/m`";
        found.push(("rate", what.to_owned()));
    }
    found.extend(of_sizes(limit.burst, "keys", limit.keys));
    found
}

/// What is too large of a limit, one key each.
fn of_sizes(burst: u32, keys_name: &'static str, keys: usize) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if burst > MOST_BURST {
        let what =
            format!("{burst} is too large: write at most {MOST_BURST}, or turn the limit off");
        found.push(("burst", what));
    }
    if keys > MOST_KEYS {
        let what = format!("{keys} is too large: write at most {MOST_KEYS}");
        found.push((keys_name, what));
    }
    found
}
