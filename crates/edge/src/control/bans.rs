//! Holding in force at the running edge what a store of bans has.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep, timeout};
use traffic::ban_store::{BanState, BansFound};
use traffic::{BanError, BanSource};

use super::Control;

/// How often the store is asked whether the list has changed: a ban bites within a second.
const EVERY: Duration = Duration::from_millis(250);
/// The whole list is read so often in any case: what has ended is dropped then, and nothing that was missed stays so.
const WHOLE_EVERY: Duration = Duration::from_mins(1);
/// A store that takes longer is away.
const WITHIN: Duration = Duration::from_secs(5);

impl Control {
    /// Holds the bans of this source in force, within a second of each change. While it is away the last known stay in
    /// force. Never ends; safe to drop.
    pub async fn follow_bans(&self, source: Arc<dyn BanSource>) -> Infallible {
        let mut seen: Option<(BanState, Instant)> = None;
        let mut is_followed = None;
        loop {
            let known = seen.filter(|(_, read)| read.elapsed() < WHOLE_EVERY);
            let found = ask(&*source, known.map(|(state, _)| state)).await;
            self.tell_of_bans(&mut is_followed, found.as_ref().err());
            if let Ok(Some((state, bans))) = found {
                self.shared.ban(&bans);
                seen = Some((state, Instant::now()));
            }
            sleep(EVERY).await;
        }
    }

    /// Says on the status page that no bans can be in force here.
    pub fn has_no_bans(&self, why: &str) {
        self.shared.bans.are_nowhere(why);
    }

    fn tell_of_bans(&self, was_followed: &mut Option<bool>, error: Option<&String>) {
        let is_followed = error.is_none();
        let before = was_followed.replace(is_followed);
        if before == Some(is_followed) {
            return;
        }
        match error {
            None => {
                if before.is_some() {
                    tracing::info!("the store of bans is back");
                }
                self.shared.bans.are_followed();
            }
            Some(why) => {
                tracing::warn!(
                    "the store of bans is away: the last known bans stay in force ({why})"
                );
                self.shared.bans.are_left(why);
            }
        }
    }
}

async fn ask(source: &dyn BanSource, known: Option<BanState>) -> Result<Option<BansFound>, String> {
    let asked = source.changes(known, Timestamp::now());
    match timeout(WITHIN, asked).await {
        Ok(answer) => answer.map_err(|error: BanError| error.to_string()),
        Err(_) => Err(format!("it did not answer within {WITHIN:?}")),
    }
}
