//! Asking targets whether they are well, each over a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use http::header::{CONNECTION, USER_AGENT};
use http::{HeaderValue, Request};
use tokio::time::{sleep, timeout};

use super::asking::{Asking, Introduction};
use super::channel::Channel;
use super::jitter::varied;
use super::target::{Target, Verdict};
use super::{Upstream, clock::Clock};
use crate::config::CheckConfig;
use crate::content::Outgoing;

/// Where no check is configured, targets that came back are still asked whether anybody listens.
const PENDING_INTERVAL: Duration = Duration::from_secs(1);

/// Checks the targets of an upstream for ever.
pub(super) async fn watch(upstream: &Upstream) {
    let interval = upstream
        .config
        .check
        .as_ref()
        .map_or(PENDING_INTERVAL, |check| check.interval.duration());
    loop {
        let members = upstream.members();
        join_all(members.iter().map(|target| examine(upstream, target))).await;
        let now = upstream.clock.now();
        let open = members.iter().filter(|target| target.is_open(now)).count();
        upstream
            .counts
            .open
            .set(i64::try_from(open).unwrap_or(i64::MAX));
        sleep(varied(interval)).await;
    }
}

async fn examine(upstream: &Upstream, target: &Arc<Target>) {
    let is_well = match &upstream.config.check {
        Some(check) => answers(target, check, upstream.clock).await,
        None if target.verdict() == Verdict::Pending => {
            let within = upstream.config.connect_timeout.duration();
            Channel::dial(target, upstream.clock, within).await.is_ok()
        }
        None => return,
    };
    let (rise, fall) = upstream
        .config
        .check
        .as_ref()
        .map_or((1, 1), |check| (check.rise, check.fall));
    let Some(verdict) = target.examined(is_well, rise, fall) else {
        return;
    };
    if !target.judge(verdict, upstream.clock.now()) {
        return;
    }
    if verdict == Verdict::Up {
        tracing::info!(upstream = %upstream.name, target = %target.socket, "`{}` is well again", target.label);
        upstream.changed.notify_waiters();
    } else {
        tracing::warn!(upstream = %upstream.name, target = %target.socket, "`{}` is not well: left out", target.label);
    }
}

/// Whether the target answers 2xx or 3xx in time.
async fn answers(target: &Arc<Target>, check: &CheckConfig, clock: Clock) -> bool {
    let within = check.timeout.duration();
    let answered = async {
        let mut channel = Channel::dial(target, clock, within).await.ok()?;
        let request = Request::get(check.path.as_str())
            .header(USER_AGENT, HeaderValue::from_static("pendopo-check"))
            .header(CONNECTION, HeaderValue::from_static("close"))
            .body(())
            .ok()?;
        let asking = Asking {
            head: &request.into_parts().0,
            introduction: &Introduction::default(),
            own: None,
            authority: &target.authority,
        };
        let response = channel.send(&asking, Outgoing::Nothing).await.ok()?;
        Some(response.status().is_success() || response.status().is_redirection())
    };
    timeout(within, answered)
        .await
        .ok()
        .flatten()
        .unwrap_or(false)
}
