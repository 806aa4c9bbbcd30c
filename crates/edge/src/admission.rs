//! The request limit at the door: who passes, who waits, who is refused.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use traffic::client::limit_key;
use traffic::{Decision, LimitTable};

use crate::config::LimitConfig;
use crate::error::{self, Refused, Retry};

/// One table for all worker threads, and a bound on how many requests may wait in it.
pub(crate) struct Admission {
    table: LimitTable,
    began: Instant,
    waiting: AtomicUsize,
    most_waiting: usize,
}

impl Admission {
    /// `None` when the limit is off.
    pub(crate) fn new(config: &LimitConfig, seed: u64, began: Instant) -> Option<Self> {
        let table = LimitTable::new(config.policy()?, config.addresses, seed);
        Some(Self {
            table,
            began,
            waiting: AtomicUsize::new(0),
            most_waiting: config.waiting,
        })
    }

    /// Counts the request; returns when it may go on. Safe to drop: its place in the line is lost, nothing else.
    pub(crate) async fn admit(&self, client: IpAddr, now: Instant) -> Result<(), Refused> {
        let now_ms = u64::try_from(now.saturating_duration_since(self.began).as_millis())
            .unwrap_or(u64::MAX);
        match self.table.admit(limit_key(client), now_ms) {
            Decision::Pass => Ok(()),
            Decision::Wait(time) => self.wait(time).await,
            Decision::Reject(time) => Err(self.refused(time)),
        }
    }

    async fn wait(&self, time: Duration) -> Result<(), Refused> {
        let _place =
            Waiting::take(&self.waiting, self.most_waiting).ok_or_else(|| self.refused(time))?;
        tokio::time::sleep(time).await;
        Ok(())
    }

    fn refused(&self, time: Duration) -> Refused {
        let retry = Retry {
            after: time,
            interval: self.table.policy().rate.interval(),
        };
        Refused {
            refusal: &error::LIMITED,
            retry: Some(retry),
            why: None,
        }
    }
}

/// One request that waits; dropping it makes room.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn take(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let place = Self(count);
        // The place is counted first, and given back by its drop when it was one too many.
        (count.fetch_add(1, Ordering::Relaxed) < most).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
