//! Every store that the configuration names: opened in whatever order they come up, watched, and closed. The one place
//! that knows which adapter serves which port.

mod health;
mod mongo;
mod records;
mod redis;
mod restored;
mod waiting;
mod watch;

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use futures_util::future::join_all;
use lifecycle::{Facts, Part, Readiness};
use school::cursor::CursorKey;
use school::secret::random_bytes;
use school::stores::StoreHealth;
use school::{StoreError, Stores};
use tokio::runtime::Builder;
use traffic::BanStore;

use crate::config::{Audit, Common, Config, Messages, RecordsOrRedis, StoreConfig};
use health::Every;

pub(crate) use records::{lay_out, must_be_whole, origin, prepare};
pub(crate) use redis::{bans_to_read, facts as redis_facts, levels, named as named_redis};
pub(crate) use restored::{hand_over, set_aside};
pub(crate) use waiting::{Trouble, when_there};

/// The part of `/readyz` that stands for the records.
pub(crate) const RECORDS: &str = "store";

/// What becomes of requests while a store is away that they need.
const REFUSED: &str = "requests are answered 503";
/// And for messages that are kept elsewhere.
const MESSAGES: &str = "messages";

/// Every store, opened; cheap to clone.
#[derive(Clone)]
pub(crate) struct Opened {
    /// Each port, wherever it is served.
    pub(crate) stores: Stores,
    /// The records, for what is asked of them alone.
    pub(crate) records: store::Opened,
    /// Bans, wherever they are kept.
    pub(crate) bans: Arc<dyn BanStore>,
    /// Each store once, however many ports it serves.
    each: Vec<One>,
    /// What runs beside them as long as they are watched.
    beside: Arc<Mutex<Vec<Beside>>>,
}

/// Something that never ends.
type Beside = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One store.
#[derive(Clone)]
struct One {
    /// Its part of `/readyz`, and of the facts.
    part: &'static str,
    health: Arc<dyn StoreHealth>,
    /// Whether nothing can be served without it.
    is_needed: bool,
    /// What becomes of requests while it is away.
    without: &'static str,
    /// What it says of itself.
    facts: Arc<dyn Fn() -> Vec<(&'static str, String)> + Send + Sync>,
    close: Arc<dyn Fn() + Send + Sync>,
}

/// The parts of `/readyz` that stand for the stores of a configuration.
pub(crate) struct Parts {
    records: Part,
    others: Vec<(&'static str, Part)>,
}

impl Parts {
    /// Registers a part for each store, which waits until that is open.
    pub(crate) fn register(readiness: &Readiness, config: &StoreConfig) -> Self {
        let messages = (config.messages != Messages::Records).then_some(MESSAGES);
        let sessions = (config.sessions != RecordsOrRedis::Records).then_some(redis::SESSIONS);
        let audit = (config.audit != Audit::Records).then_some(mongo::AUDIT);
        let bans = (config.bans != RecordsOrRedis::Records).then_some(redis::BANS);
        let cache = (config.cache != Common::Memory).then_some(redis::CACHE);
        let others = [messages, sessions, audit, bans, cache];
        let others = others.into_iter().flatten();
        Self {
            records: readiness.register(RECORDS),
            others: others
                .map(|name| (name, readiness.register(name)))
                .collect(),
        }
    }

    /// The records' part.
    pub(crate) fn records(&self) -> &Part {
        &self.records
    }

    fn of(&self, name: &str) -> Option<&Part> {
        let others = self.others.iter().map(|(name, part)| (*name, part));
        let mut each = others.chain([(RECORDS, &self.records)]);
        each.find(|(own, _)| *own == name).map(|(_, part)| part)
    }
}

/// Opens every store once it is there, and tells on `/readyz` which one is not. Fails where waiting would not help.
pub(crate) async fn open_when_there(config: &StoreConfig, parts: &Parts) -> Result<Opened> {
    let records = when_there(&parts.records, async || records::open(config).await).await?;
    Opened::of(config, records).await
}

/// Opens every store at once, or says why that can't be.
pub(crate) async fn open_now(config: &StoreConfig) -> Result<Opened> {
    let records = records::open(config).await.map_err(Trouble::into_error)?;
    Opened::of(config, records).await
}

/// Opens what a server made before, works with it, and closes it.
pub(crate) fn with_existing<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Opened) -> Result<T>,
) -> Result<T> {
    must_be_whole(&config.data)?;
    records::must_exist(&config.store.records)?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start a runtime")?;
    let (opened, outcome) = runtime.block_on(async {
        let opened = open_now(&config.store).await?;
        let outcome = work(&opened).await;
        anyhow::Ok((opened, outcome))
    })?;
    opened.close();
    outcome
}

impl Opened {
    /// Puts each port where the configuration says.
    async fn of(config: &StoreConfig, records: store::Opened) -> Result<Self> {
        let mut stores = records.stores.clone();
        let mut each = vec![One::records(&records)];
        if let Messages::Mongo(address) = &config.messages {
            each.push(mongo::messages(address, config, &records, &mut stores).await?);
        }
        match &config.audit {
            Audit::Records => mongo::must_not_be_left(&records).await?,
            Audit::Mongo(address) => {
                each.push(mongo::audit(address, config, &records, &mut stores).await?);
            }
        }
        // What Redis keeps is told to the trail, wherever that is.
        let (mut stores, redis, mut beside) = redis::put(config, stores);
        each.extend(redis);
        let bans = match redis::bans(config, &stores) {
            None => Arc::clone(&records.bans),
            Some((bans, one, runs)) => {
                each.push(one);
                beside.push(runs);
                bans
            }
        };
        let needed = each.iter().filter(|one| one.is_needed);
        stores.health = Every::of(needed.map(|one| Arc::clone(&one.health)));
        Ok(Self {
            stores,
            bans,
            records,
            each,
            beside: Arc::new(Mutex::new(beside)),
        })
    }

    /// How each store beside the records is: what it says of itself, or why it can't answer.
    pub(crate) async fn others(&self) -> Vec<(&'static str, Result<String, StoreError>)> {
        let mut others = Vec::new();
        for one in self.each.iter().filter(|one| one.part != RECORDS) {
            let checked = one.health.check().await;
            let facts = (one.facts)();
            let facts: Vec<String> = facts
                .into_iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            others.push((one.part, checked.map(|()| facts.join("; "))));
        }
        others
    }

    /// Never ends: says on `/readyz` and in the facts how each store is.
    pub(crate) async fn watch(&self, parts: &Parts, facts: &Facts) {
        let watched = self
            .each
            .iter()
            .map(|one| watch::watch(one, parts.of(one.part), facts));
        let beside =
            std::mem::take(&mut *self.beside.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::join!(join_all(watched), join_all(beside));
    }

    /// Ends every store; what was answered is kept. Blocks until then.
    pub(crate) fn close(&self) {
        // The records last: the others write to them.
        for one in self.each.iter().rev() {
            (one.close)();
        }
    }
}

impl One {
    fn records(opened: &store::Opened) -> Self {
        let (stated, closed) = (opened.clone(), opened.clone());
        Self {
            part: RECORDS,
            is_needed: true,
            without: REFUSED,
            health: Arc::clone(&opened.stores.health),
            facts: Arc::new(move || records::facts(&stated.status())),
            close: Arc::new(move || closed.close()),
        }
    }
}

/// Says what in the addresses should not be so.
pub(crate) fn warn_of(config: &StoreConfig) {
    records::warn_of(config);
    mongo::warn_of(config);
    redis::warn_of(config);
}

/// The key that signs cursors, made when the first replica starts.
pub(crate) async fn cursor_key(stores: &Stores) -> Result<CursorKey> {
    let key = stores
        .settings
        .find_or_insert(CursorKey::SETTING, random_bytes::<32>().to_vec())
        .await?;
    CursorKey::new(&key).context("the setting `cursor_key` in the database has not 32 bytes: delete that row of the table `setting`")
}
