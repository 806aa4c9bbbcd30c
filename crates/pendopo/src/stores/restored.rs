//! What a restore does to stores beside the records.

use std::path::Path;

use anyhow::{Context, Result};
use jiff::Timestamp;
use school::{StoreError, Stores, messages};
use store::backup::{without_bans, without_messages};
use store::{Opened, sqlite};
use store_mongo::Kept;
use tokio::runtime::{Builder, Runtime};

use super::{mongo, redis};
use crate::config::StoreConfig;

/// Hands restored messages and bans to the servers that keep them, where nobody sees them yet, and takes them out of the
/// restored database.
pub(crate) fn hand_over(config: &StoreConfig, restored: &Path) -> Result<()> {
    if let Some(server) = redis::of_messages(config) {
        let add = async |opened: &Opened| add_all(&server, &opened.stores).await;
        with_restored(restored, add).context("the messages can't be handed to Redis")?;
        without_messages(restored)?;
    }
    if let Some(server) = redis::of_bans(config) {
        let add = async |opened: &Opened| {
            let bans = opened.bans.list(Timestamp::MIN).await?;
            anyhow::Ok(server.add_bans(&bans).await?)
        };
        with_restored(restored, add).context("the bans can't be handed to Redis")?;
        without_bans(restored)?;
    }
    Ok(())
}

/// Opens the restored database, works with it, and closes it.
fn with_restored<E>(restored: &Path, work: impl AsyncFnOnce(&Opened) -> Result<(), E>) -> Result<()>
where
    anyhow::Error: From<E>,
{
    let opened = sqlite::open(restored, &sqlite::Options::default())?;
    let done = runtime()
        .context("can't start a runtime")?
        .block_on(work(&opened));
    opened.close();
    Ok(done?)
}

async fn add_all(server: &store_redis::Redis, stores: &Stores) -> Result<(), StoreError> {
    server.begin_messages().await?;
    let store = stores.messages.as_ref();
    for part in messages::parts(store, i64::MAX).await? {
        let messages = messages::part(store, part).await?;
        server.add_messages(&messages).await?;
    }
    Ok(())
}

/// Puts aside what the servers keep, under names that end so, and what was handed over in its place; answers these.
pub(crate) fn set_aside(config: &StoreConfig, ending: &str) -> Result<Vec<String>, StoreError> {
    let runtime = runtime().map_err(|error| StoreError::Unavailable(error.into()))?;
    runtime.block_on(async {
        let mut renamed = Vec::new();
        if let Some(server) = redis::of_sessions(config) {
            server.sign_out_everybody().await?;
        }
        if let Some(server) = redis::of_messages(config) {
            let most = config.messages_kept.get();
            renamed.extend(server.replace_messages(most, ending).await?);
        }
        if let Some(server) = redis::of_bans(config) {
            renamed.extend(server.replace_bans(ending).await?);
        }
        for (kept, options) in on_mongo(config) {
            renamed.extend(store_mongo::set_aside(options, kept, ending).await?);
        }
        Ok(renamed)
    })
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn on_mongo(config: &StoreConfig) -> Vec<(Kept, store_mongo::Options)> {
    let messages = config.messages.mongo();
    let messages = messages.map(|address| {
        let options = mongo::options(address, &config.messages_password);
        (Kept::Messages, options)
    });
    let audit = config.audit.mongo();
    let audit = audit.map(|address| (Kept::Trail, mongo::options(address, &config.audit_password)));
    messages.into_iter().chain(audit).collect()
}
