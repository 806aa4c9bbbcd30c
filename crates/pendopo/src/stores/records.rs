//! The records: opening the database that the configuration names, and what it says of itself.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Error, Result, anyhow, bail};
use store::archive::Origin;
use store::postgres::{self, Address};
use store::{Opened, Status, sqlite};
use tokio::runtime::Builder;

use super::waiting::Trouble;
use crate::config::{Records, Replica, StoreConfig};

/// Refuses to go on where a restore was broken off.
pub(crate) fn must_be_whole(data: &Path) -> Result<()> {
    match store::backup::unfinished(data) {
        None => Ok(()),
        Some(why) => bail!("{}", why.trim()),
    }
}

/// Refuses to make a database where one was expected; a server says by itself whether it has one.
pub(super) fn must_exist(records: &Records) -> Result<()> {
    match records.file() {
        Some(path) if !path.exists() => bail!(
            "there is no database at {}: start the server once, or name its directory with `--data`",
            path.display()
        ),
        _ => Ok(()),
    }
}

/// Makes SQLite's files that are not there: an empty log is a good one.
pub(crate) fn lay_out(records: &Records) -> Result<()> {
    let files = records.files();
    let Some((database, others)) = files.split_first() else {
        return Ok(());
    };
    // Turning the log on in an empty one takes more files; every other one of ours has it.
    if fs::metadata(database).map_or(0, |file| file.len()) == 0 {
        sqlite::open(database, &sqlite::Options::default())?.close();
    }
    for path in others {
        let mut options = OpenOptions::new();
        let made = options.append(true).create(true).mode(0o600).open(path);
        made.with_context(|| format!("can't make {}", path.display()))?;
    }
    Ok(())
}

/// Opens the database, made or upgraded if need be.
pub(super) async fn open(config: &StoreConfig) -> Result<Opened, Trouble> {
    match &config.records {
        Records::Sqlite(path) => {
            let path = path.clone();
            let open = move || sqlite::open(&path, &sqlite::Options::default());
            // An upgrade takes a while, and the private listener tells meanwhile that it does.
            let opened = tokio::task::spawn_blocking(open).await;
            let opened = opened.map_err(|_| Trouble::Wrong(panicked()))?;
            Ok(opened?)
        }
        Records::Postgres(address) => Ok(postgres::open(&server(config, address)).await?),
    }
}

fn server(config: &StoreConfig, address: &Address) -> postgres::Options {
    postgres::Options {
        password: config.records_password.clone(),
        replicas: replicas(config).cloned().collect(),
        ..postgres::Options::new(address.clone())
    }
}

/// Brings records that are there to this version's schema, as a server would.
pub(crate) fn prepare(config: &StoreConfig) -> Result<()> {
    must_exist(&config.records)?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start a runtime")?;
    let opened = runtime
        .block_on(open(config))
        .map_err(Trouble::into_error)?;
    opened.close();
    Ok(())
}

/// Where the records are, for work on all of them.
pub(crate) fn origin(config: &StoreConfig) -> Origin {
    match &config.records {
        Records::Sqlite(path) => Origin::Sqlite(path.clone()),
        Records::Postgres(address) => Origin::Postgres(Box::new(server(config, address))),
    }
}

fn panicked() -> Error {
    anyhow!("opening the database panicked: the log says where")
}

/// What the database says of itself, for the status page.
pub(super) fn facts(status: &Status) -> Vec<(&'static str, String)> {
    let mebibytes = |bytes: u64| format!("{} MiB", bytes >> 20);
    let mut facts = vec![
        ("engine", format!("{} {}", status.engine, status.version)),
        ("database", status.database.clone()),
        ("schema", status.schema.to_string()),
        ("size", mebibytes(status.size + status.log_size)),
    ];
    facts.extend(
        status
            .room
            .map(|room| ("room on the disk", mebibytes(room))),
    );
    facts.extend(status.more.clone());
    facts
}

fn replicas(config: &StoreConfig) -> impl Iterator<Item = &Address> {
    config.records_read.iter().map(Replica::address)
}

/// Says what in the addresses should not be so.
pub(super) fn warn_of(config: &StoreConfig) {
    let Records::Postgres(address) = &config.records else {
        return;
    };
    let addresses = || replicas(config).chain([&**address]);
    if addresses().any(|address| address.password().is_some()) {
        tracing::warn!(
            "an address of PostgreSQL holds a password, which whoever may read the configuration or the list of processes \
             sees: write it into a file, and name that in `store.records_password_file`"
        );
    }
    for exposed in addresses().filter(|address| address.is_exposed()) {
        tracing::warn!(
            address = %exposed,
            "nothing proves that this is the right server, and others on the way may listen: add `?sslmode=verify-full`"
        );
    }
}
