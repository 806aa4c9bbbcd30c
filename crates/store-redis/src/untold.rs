//! Changes on their way to the audit trail: kept beside what they changed, until the trail has them.
//!
//! A script writes a change into the same server as its effect, in one step. Then the trail is told, and the change is taken
//! away. If a process ends in between, or the trail can't be reached, another round tells it; a ticket keeps it from
//! being told twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::cmd;
use school::audit::{AuditStore, Change};
use school::repeat::Inserted;
use school::secret::{hex, random_bytes};
use school::{Repeat, StoreError, Timestamp};
use serde::{Deserialize, Serialize};
use tracing::{debug, warn};

use crate::failure::corrupt;
use crate::keys;
use crate::shared::Shared;

/// How often what was left is looked for.
const ROUND: Duration = Duration::from_secs(5);
/// Whose keys the tickets are.
const CALLER: &str = "untold";

/// What a script keeps of one change, after the object's id and a space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    change: Change,
    /// The key of the request, under which the trail's store knows requests of its own.
    repeat: Option<KeptRepeat>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptRepeat {
    caller: String,
    key: String,
    fingerprint: [u8; 32],
    at: i64,
}

/// One change that is to be told.
#[derive(Debug, Clone)]
pub(crate) struct Telling {
    pub(crate) ticket: String,
    kept: Kept,
}

impl Telling {
    pub(crate) fn new(change: Change, repeat: Option<&Repeat>) -> Self {
        let repeat = repeat.map(|repeat| KeptRepeat {
            caller: repeat.caller.clone(),
            key: repeat.key.clone(),
            fingerprint: repeat.fingerprint,
            at: repeat.at.0,
        });
        Self {
            ticket: hex(&random_bytes::<16>()),
            kept: Kept { change, repeat },
        }
    }

    /// What a script keeps.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(&self.kept).expect("a change has no keys but texts")
    }

    /// What was kept under this ticket, and of which object.
    fn read(ticket: String, text: &str) -> Result<(Self, i64), StoreError> {
        let (id, json) = text
            .split_once(' ')
            .ok_or_else(|| corrupt("an untold change has no id"))?;
        let id = id
            .parse()
            .map_err(|_| corrupt("an untold change has no id"))?;
        let kept = serde_json::from_str(json)
            .map_err(|error| corrupt(format!("an untold change can't be read: {error}")))?;
        Ok((Self { ticket, kept }, id))
    }

    /// Under which key the trail is told: the request's own, so that it stands for no other request either.
    fn repeat(&self) -> Repeat {
        match &self.kept.repeat {
            Some(kept) => Repeat {
                caller: kept.caller.clone(),
                key: kept.key.clone(),
                fingerprint: kept.fingerprint,
                at: Timestamp(kept.at),
            },
            None => self.by_ticket(),
        }
    }

    /// Whether what the trail remembers is this very change: another kind of object may have the same number.
    fn is_of(&self, object: i64, id: i64, after: &str) -> bool {
        id == object && after == self.kept.change.after.as_deref().unwrap_or_default()
    }

    fn by_ticket(&self) -> Repeat {
        Repeat {
            caller: CALLER.to_owned(),
            key: self.ticket.clone(),
            fingerprint: [0; 32],
            at: self.kept.change.at,
        }
    }
}

/// The way to the trail.
#[derive(Clone)]
pub(crate) struct Untold {
    shared: Arc<Shared>,
    trail: Arc<dyn AuditStore>,
}

impl Untold {
    pub(crate) fn new(shared: Arc<Shared>, trail: Arc<dyn AuditStore>) -> Self {
        Self { shared, trail }
    }

    /// Tells of what a script did to this object a moment ago. Where the trail is away it is told later, and all is well.
    /// An error means that the request's key stands for another request, and what was done must be taken back.
    pub(crate) async fn tell(&self, telling: &Telling, object: i64) -> Result<(), Other> {
        let change = telling.kept.change.clone();
        match self.trail.append(change, object, telling.repeat()).await {
            Ok(Inserted::New(_)) => {}
            Ok(Inserted::Repeated { id, after }) if telling.is_of(object, id, &after) => {}
            Ok(Inserted::Repeated { id, after }) => return Err(Other::Repeated { id, after }),
            Err(StoreError::KeyReused) => return Err(Other::Reused),
            Err(error) => {
                debug!(%error, "the audit trail is told later");
                return Ok(());
            }
        }
        self.is_told(&telling.ticket).await;
        Ok(())
    }

    /// As `tell`, of what no request named by a key.
    pub(crate) async fn tell_for_sure(&self, telling: &Telling, object: i64) {
        if let Err(other) = self.tell(telling, object).await {
            warn!(
                ?other,
                "the audit trail knows a ticket of {} already", telling.ticket
            );
        }
    }

    async fn is_told(&self, ticket: &str) {
        let mut forget = cmd("HDEL");
        forget.arg(keys::UNTOLD).arg(ticket);
        if let Err(error) = self.shared.ask::<i64>(&forget).await {
            // The next round finds it, and the trail knows its ticket.
            debug!(%error, "a change that was told is still kept");
        }
    }

    /// Tells what was left, again and again. Never ends.
    pub(crate) async fn keep_telling(self) {
        let mut met = HashMap::new();
        loop {
            met = match self.round(&met).await {
                Ok(met) => met,
                Err(error) => {
                    debug!(%error, "changes wait to be told");
                    HashMap::new()
                }
            };
            tokio::time::sleep(ROUND).await;
        }
    }

    /// Tells what was there in the round before already: what is newer, somebody is just telling.
    async fn round(
        &self,
        met: &HashMap<String, String>,
    ) -> Result<HashMap<String, String>, StoreError> {
        let kept: HashMap<String, String> =
            self.shared.ask(cmd("HGETALL").arg(keys::UNTOLD)).await?;
        for (ticket, text) in &kept {
            if met.contains_key(ticket) {
                self.tell_late(ticket, text).await?;
            }
        }
        Ok(kept)
    }

    async fn tell_late(&self, ticket: &str, text: &str) -> Result<(), StoreError> {
        let (telling, object) = match Telling::read(ticket.to_owned(), text) {
            Ok(read) => read,
            Err(error) => {
                warn!(%error, ticket, "a change can't be told to the audit trail; look at it in `{}`", keys::UNTOLD);
                return Ok(());
            }
        };
        let change = telling.kept.change.clone();
        let told = self.trail.append(change.clone(), object, telling.repeat());
        let is_told = match told.await {
            Ok(Inserted::New(_)) => true,
            Ok(Inserted::Repeated { id, after }) => telling.is_of(object, id, &after),
            Err(StoreError::KeyReused) => false,
            Err(error) => return Err(error),
        };
        if !is_told {
            // It was done, and answered: it stands, under a name of its own.
            let by_ticket = self.trail.append(change, object, telling.by_ticket());
            by_ticket.await?;
        }
        self.is_told(ticket).await;
        Ok(())
    }
}

/// The request's key was used before, for something in the trail's own store.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Other {
    /// The same request.
    Repeated { id: i64, after: String },
    /// Another one.
    Reused,
}
