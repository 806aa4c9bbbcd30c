//! One limit: its table, what is counted apart in it, and how it refuses.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use http::{HeaderMap, HeaderName, HeaderValue};
use prometheus_client::metrics::counter::Counter;
use traffic::client::limit_key;
use traffic::{LimitTable, Policy};

use super::Asker;
use super::held::{Held, What};
use crate::config::{KeyedLimitConfig, LimitKey, LimitStatus};
use crate::error::{self, Refusal, Refused, Retry};
use crate::metrics::{LimitCounts, OUTCOMES};

pub(super) struct Limit {
    pub(super) table: LimitTable,
    /// What it was made from.
    pub(super) config: KeyedLimitConfig,
    name: Arc<str>,
    refusal: &'static Refusal,
    counts: [Counter; OUTCOMES.len()],
    /// The words for the log, each with the limit's name.
    labels: [Box<str>; OUTCOMES.len()],
}

impl Limit {
    pub(super) fn new(
        config: &KeyedLimitConfig,
        policy: Policy,
        seed: u64,
        counts: &LimitCounts,
    ) -> Self {
        let name = config.name.as_str();
        Self {
            table: LimitTable::new(policy, config.keys, seed),
            config: config.clone(),
            name: name.into(),
            refusal: match config.status {
                LimitStatus::TooManyRequests => &error::LIMITED,
                LimitStatus::ServiceUnavailable => &error::LIMITED_AS_UNAVAILABLE,
            },
            counts: counts.of(name),
            labels: OUTCOMES.map(|word| format!("{word}:{name}").into()),
        }
    }

    /// Whether it only says what it would do.
    pub(super) fn observes(&self, asker: &Asker<'_>) -> bool {
        self.config.dry_run || asker.is_spared && self.config.key == LimitKey::Address
    }

    /// Under which key the request counts; `None` for one without the header.
    pub(super) fn key(&self, asker: &Asker<'_>, hasher: &RandomState) -> Option<u128> {
        match &self.config.key {
            LimitKey::Address => Some(limit_key(asker.address)),
            LimitKey::Site => Some(asker.site.map_or(0, |site| site.number)),
            LimitKey::Header(name) => header_key(asker.headers, name, hasher),
        }
    }

    /// As `key`, for a level that other edges know as well: by what stands in every edge's configuration.
    pub(super) fn common_key(&self, asker: &Asker<'_>) -> Option<u128> {
        match &self.config.key {
            LimitKey::Address => Some(limit_key(asker.address)),
            LimitKey::Site => {
                let label = asker.site.map_or("", |site| &site.label);
                Some(digest([label.as_bytes()]))
            }
            LimitKey::Header(name) => {
                let values = || asker.headers.get_all(name).iter();
                values().next()?;
                Some(digest(values().map(HeaderValue::as_bytes)))
            }
        }
    }

    pub(super) fn count(&self, what: What) {
        self.counts[what as usize].inc();
    }

    pub(super) fn label(&self, held: Held) -> &str {
        &self.labels[held.what as usize]
    }

    pub(super) fn refused(&self, after: Duration) -> Refused {
        let retry = Retry {
            limit: Arc::clone(&self.name),
            after,
            interval: self.table.policy().rate.interval(),
        };
        Refused {
            retry: Some(retry),
            ..self.refusal.into()
        }
    }
}

/// A digest of all values, in their order: the values themselves, which may be secrets, are not kept.
fn header_key(headers: &HeaderMap, name: &HeaderName, hasher: &RandomState) -> Option<u128> {
    let values = || headers.get_all(name).iter();
    values().next()?;
    let digest = |half: u8| {
        let digests = values().map(|value| hasher.hash_one((half, value.as_bytes())));
        digests.fold(0, |sum: u64, digest| sum.rotate_left(1) ^ digest)
    };
    Some(u128::from(digest(0)) << 64 | u128::from(digest(1)))
}

/// Of parts that can't run into each other.
fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u128 {
    let mut digest = Context::new(&SHA256);
    for part in parts {
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest = digest.finish();
    let half = digest.as_ref().iter().take(16);
    half.fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}
