//! Messages and the audit trail on MongoDB, beside the records.

use std::sync::Arc;

use anyhow::{Result, bail};
use lifecycle::Password;
use school::Stores;
use store_mongo::{Address, Messages, Options, Status, Trail};

use super::{MESSAGES, One, REFUSED};
use crate::config::StoreConfig;

/// The trail's part of `/readyz`, and of the facts.
pub(super) const AUDIT: &str = "audit";

/// Puts the port of messages there.
pub(super) async fn messages(
    address: &Address,
    config: &StoreConfig,
    records: &store::Opened,
    stores: &mut Stores,
) -> Result<One> {
    let options = options(address, &config.messages_password);
    let (own, outbox) = (records.stores.clone(), Arc::clone(&records.outbox));
    let opened = Arc::new(Messages::open(options, own, outbox).await?);
    stores.messages = opened.clone();
    let (stated, closed) = (opened.clone(), opened.clone());
    Ok(One {
        part: MESSAGES,
        is_needed: true,
        without: REFUSED,
        health: opened,
        facts: Arc::new(move || facts(stated.status())),
        close: Arc::new(move || closed.close()),
    })
}

/// Puts the trail there. Nobody needs the server to work: what is told waits in the records.
pub(super) async fn audit(
    address: &Address,
    config: &StoreConfig,
    records: &store::Opened,
    stores: &mut Stores,
) -> Result<One> {
    let options = options(address, &config.audit_password);
    let (own, outbox) = (
        Arc::clone(&records.stores.audit),
        Arc::clone(&records.outbox),
    );
    let opened = Arc::new(Trail::open(options, own, outbox).await?);
    stores.audit = opened.clone();
    let (stated, closed) = (opened.clone(), opened.clone());
    Ok(One {
        part: AUDIT,
        is_needed: false,
        without: "what is meant for it waits in the records",
        health: opened,
        facts: Arc::new(move || facts(stated.status())),
        close: Arc::new(move || closed.close()),
    })
}

/// The trail is a chain, of which a part alone proves nothing.
pub(super) async fn must_not_be_left(records: &store::Opened) -> Result<()> {
    match records.outbox.trail_left().await? {
        0 => Ok(()),
        last => bail!(
            "the audit trail was moved to MongoDB up to entry {last}, and `store.audit` names no server any more: name it again"
        ),
    }
}

pub(super) fn options(address: &Address, password: &Password) -> Options {
    Options {
        address: address.clone(),
        password: password.clone(),
    }
}

fn facts(status: Status) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("engine", format!("{} {}", status.engine, status.version)),
        ("database", status.database),
    ];
    facts.extend(status.trouble.map(|why| ("moving", why)));
    facts
}

/// Says what in the addresses should not be so.
pub(super) fn warn_of(config: &StoreConfig) {
    let messages = config
        .messages
        .mongo()
        .map(|address| ("store.messages", address));
    let audit = config.audit.mongo().map(|address| ("store.audit", address));
    for (key, address) in messages.into_iter().chain(audit) {
        if address.is_exposed() {
            tracing::warn!(
                "nothing proves that the server of `{key}` is the right one, and others on the way may listen: add \
                 `tls=true` and `tlsCAFile=…` to the address"
            );
        }
    }
}
