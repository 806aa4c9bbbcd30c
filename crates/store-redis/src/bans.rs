//! The port of bans: a hash by network, and the times at which they end in a sorted set.

use std::fmt;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use jiff::Timestamp;
use redis::{Script, cmd};
use school::StoreError;
use school::audit::{Action, Change};
use traffic::ban_store::{Author, BanState, BansFound};
use traffic::{Ban, BanError, BanSource, BanStore, MOST_BANS, Network};

use crate::failure::corrupt;
use crate::keys;
use crate::shared::Shared;
use crate::untold::{Telling, Untold};

static BAN: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/ban.lua")));
static BANS: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("scripts/bans.lua")));

/// Bans on a server, to read.
pub(crate) struct BanReader {
    pub(crate) shared: Arc<Shared>,
}

/// Bans on a server, whose changes are told to the trail.
pub(crate) struct Bans {
    pub(crate) reader: BanReader,
    pub(crate) untold: Untold,
}

#[async_trait]
impl BanSource for BanReader {
    async fn changes(
        &self,
        since: Option<BanState>,
        now: Timestamp,
    ) -> Result<Option<BansFound>, BanError> {
        let since = since.map(|state| state.0.to_string()).unwrap_or_default();
        let mut script = BANS.prepare_invoke();
        script.key(keys::BANS).key(keys::BANS_STATE).arg(since);
        let found: Option<(i64, Vec<String>)> =
            self.shared.run(&script).await.map_err(ban_error)?;
        let Some((state, texts)) = found else {
            return Ok(None);
        };
        let bans: Result<Vec<Ban>, _> = texts.iter().map(|text| read(text)).collect();
        let mut bans = bans.map_err(ban_error)?;
        bans.retain(|ban| ban.is_in_force(now));
        Ok(Some((BanState(state), bans)))
    }
}

#[async_trait]
impl BanSource for Bans {
    async fn changes(
        &self,
        since: Option<BanState>,
        now: Timestamp,
    ) -> Result<Option<BansFound>, BanError> {
        self.reader.changes(since, now).await
    }
}

#[async_trait]
impl BanStore for Bans {
    async fn find(&self, network: Network, now: Timestamp) -> Result<Option<Ban>, BanError> {
        let mut find = cmd("HGET");
        find.arg(keys::BANS).arg(network.to_string());
        let found: Option<String> = self.reader.shared.ask(&find).await.map_err(ban_error)?;
        let ban = found.as_deref().map(read).transpose().map_err(ban_error)?;
        Ok(ban.filter(|ban| ban.is_in_force(now)))
    }

    async fn put(&self, ban: &Ban, before: Option<&Ban>, author: &Author) -> Result<i64, BanError> {
        let change = match before {
            None => change(Action::BanAdd, author, ban.since),
            Some(before) => change(Action::BanChange, author, ban.since).before(before),
        };
        let asked = Asked {
            network: ban.network,
            before,
            after: Some(ban),
            now: ban.since,
        };
        self.change(&asked, change.after(ban)).await
    }

    async fn remove(&self, ban: &Ban, author: &Author, at: Timestamp) -> Result<i64, BanError> {
        let asked = Asked {
            network: ban.network,
            before: Some(ban),
            after: None,
            now: at,
        };
        let change = change(Action::BanRemove, author, at).before(ban);
        self.change(&asked, change).await
    }
}

/// What shall become of a network's ban.
struct Asked<'a> {
    network: Network,
    before: Option<&'a Ban>,
    after: Option<&'a Ban>,
    now: Timestamp,
}

impl Bans {
    async fn change(&self, asked: &Asked<'_>, change: Change) -> Result<i64, BanError> {
        let telling = Telling::new(change, None);
        let before = asked.before.map(|ban| micros(ban.since));
        let until = asked.after.and_then(|ban| ban.until).map(micros);
        let mut script = BAN.prepare_invoke();
        script
            .key(keys::BANS)
            .key(keys::BAN_ENDS)
            .key(keys::BANS_STATE)
            .key(keys::UNTOLD)
            .arg(&telling.ticket)
            .arg(telling.to_json())
            .arg(asked.network.to_string())
            .arg(before.unwrap_or_default())
            .arg(asked.after.map(written).unwrap_or_default())
            .arg(until.unwrap_or_default())
            .arg(micros(asked.now))
            .arg(MOST_BANS);
        match self.reader.shared.run(&script).await.map_err(ban_error)? {
            -1 => Err(BanError::Stale),
            -2 => Err(BanError::Full),
            number => {
                self.untold.tell_for_sure(&telling, number).await;
                Ok(number)
            }
        }
    }
}

fn micros(time: Timestamp) -> String {
    time.as_microsecond().to_string()
}

/// The time since when it is, by which a script tells it from others, and all of it.
pub(crate) fn written(ban: &Ban) -> String {
    let json = serde_json::to_string(ban).expect("a ban has no keys but texts");
    format!("{} {json}", micros(ban.since))
}

fn read(text: &str) -> Result<Ban, StoreError> {
    let json = text.split_once(' ').map_or(text, |(_, json)| json);
    serde_json::from_str(json).map_err(|error| corrupt(format!("a ban can't be read: {error}")))
}

fn change(action: Action, author: &Author, at: Timestamp) -> Change {
    let (name, request_id) = (author.name.clone(), author.request_id.clone());
    let at = school::Timestamp(at.as_microsecond());
    Change::by(name, author.address, request_id, action, at)
}

pub(crate) fn ban_error(error: StoreError) -> BanError {
    match error {
        StoreError::Corrupt(cause) => BanError::Damaged(cause),
        other => BanError::Away(other.into()),
    }
}

impl fmt::Debug for BanReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BanReader").field(&self.shared).finish()
    }
}

impl fmt::Debug for Bans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bans").field(&self.reader).finish()
    }
}
