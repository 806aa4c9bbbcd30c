//! Opening the stores that the configuration names, and watching their health.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use lifecycle::{Facts, Part, Readiness};
use school::Stores;
use school::cursor::CursorKey;
use school::secret::random_bytes;
use store::Opened;
use store::sqlite::Options;
use tokio::time::{sleep, timeout};

use crate::config::{Config, StoreConfig};

/// How often the stores are asked whether they can answer, and how long they may take.
const HEALTH_EVERY: Duration = Duration::from_secs(10);
const TROUBLE_EVERY: Duration = Duration::from_secs(1);
const HEALTH_DEADLINE: Duration = Duration::from_secs(1);

/// Refuses to go on where a restore was broken off.
pub(crate) fn must_be_whole(data: &Path) -> Result<()> {
    match store::backup::unfinished(data) {
        None => Ok(()),
        Some(why) => bail!("{}", why.trim()),
    }
}

/// Opens the records.
pub(crate) fn open(config: &StoreConfig) -> Result<Opened> {
    Ok(store::sqlite::open(
        config.records.path(),
        &Options::default(),
    )?)
}

/// Opens records that a server made before.
pub(crate) fn open_existing(config: &Config) -> Result<Opened> {
    must_be_whole(&config.data)?;
    let config = &config.store;
    let path = config.records.path();
    if !path.exists() {
        bail!(
            "there is no database at {}: start the server once, or name its directory with `--data`",
            path.display()
        );
    }
    open(config)
}

/// What the store says of itself, for the status page.
fn state(opened: &Opened, facts: &Facts) {
    let status = opened.status();
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    facts.state(
        "store",
        "engine",
        format!("{} {}", status.engine, status.version),
    );
    facts.state("store", "database", status.database);
    facts.state("store", "schema", status.schema.to_string());
    facts.state("store", "size", mebibytes(status.size + status.log_size));
    if let Some(room) = status.room {
        facts.state("store", "room on the disk", mebibytes(room));
    }
    for (name, value) in status.more {
        facts.state("store", name, value);
    }
}

/// The key that signs cursors, made when the first replica starts.
pub(crate) async fn cursor_key(stores: &Stores) -> Result<CursorKey> {
    let key = stores
        .settings
        .find_or_insert(CursorKey::SETTING, random_bytes::<32>().to_vec())
        .await?;
    CursorKey::new(&key).context("the setting `cursor_key` in the database has not 32 bytes: delete that row of the table `setting`")
}

/// Asks the stores again and again, and says on `/readyz` what they answer.
pub(crate) struct Watch {
    opened: Opened,
    part: Part,
    facts: Facts,
}

impl Watch {
    pub(crate) fn new(opened: Opened, readiness: &Readiness, facts: &Facts) -> Self {
        Self {
            opened,
            part: readiness.register("store"),
            facts: facts.clone(),
        }
    }

    /// Never ends. Each question costs a write, so a healthy store is asked less often.
    pub(crate) async fn run(self) {
        loop {
            let trouble = match timeout(HEALTH_DEADLINE, self.opened.stores.health.check()).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some("it did not answer within a second".to_owned()),
            };
            let pause = if trouble.is_none() {
                HEALTH_EVERY
            } else {
                TROUBLE_EVERY
            };
            self.say(trouble);
            sleep(pause).await;
        }
    }

    fn say(&self, trouble: Option<String>) {
        state(&self.opened, &self.facts);
        self.facts
            .state("store", "health", trouble.as_deref().unwrap_or("good"));
        match trouble {
            None => self.part.ready(),
            Some(reason) => self.part.waiting(reason),
        }
    }
}
