//! Asking an open store again and again how it is.

use std::time::Duration;

use lifecycle::{Facts, Part};
use tokio::time::{sleep, timeout};

use super::One;

/// How often a store is asked whether it can answer, and how long it may take.
const HEALTH_EVERY: Duration = Duration::from_secs(10);
const TROUBLE_EVERY: Duration = Duration::from_secs(1);
const HEALTH_DEADLINE: Duration = Duration::from_secs(1);

/// Never ends. Each question costs a write, so a healthy store is asked less often.
pub(super) async fn watch(one: &One, part: Option<&Part>, facts: &Facts) {
    let mut was_well = true;
    loop {
        let trouble = match timeout(HEALTH_DEADLINE, one.health.check()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it did not answer within a second".to_owned()),
        };
        let is_well = trouble.is_none();
        tell_of_change(one, was_well, trouble.as_deref());
        for (name, value) in (one.facts)() {
            facts.state(one.part, name, value);
        }
        facts.state(one.part, "health", trouble.as_deref().unwrap_or("good"));
        match (part, trouble) {
            (Some(part), None) => part.ready(),
            (Some(part), Some(reason)) if one.is_needed => part.waiting(reason),
            (Some(part), Some(reason)) => part.lacking(reason),
            (None, _) => {}
        }
        was_well = is_well;
        sleep(if is_well { HEALTH_EVERY } else { TROUBLE_EVERY }).await;
    }
}

fn tell_of_change(one: &One, was_well: bool, trouble: Option<&str>) {
    match trouble {
        Some(why) if was_well => {
            tracing::error!(store = one.part, "a store is away: {} ({why})", one.without);
        }
        None if !was_well => tracing::info!(store = one.part, "the store is back"),
        _ => {}
    }
}
