//! The stores: whether they answer and can be written, and whether the clock fits them.

use std::fmt::Write;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::Result;
use school::stores::StoreHealth;
use school::{Actor, Limit, Stores, Timestamp, audit, tokens};

use super::report::Report;
use crate::config::{Config, Records};
use crate::data_dir;
use crate::stores::{self, Opened};

/// A clock that is further behind the newest entry of the trail was set back, or was wrong then.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);
/// Before this version was made nobody can have run it: 2026-11-20.
const EARLIEST: Timestamp = Timestamp(1_795_132_800_000_000);

pub(super) fn examine(config: &Config, now: Timestamp, report: &mut Report) {
    if let Some(path) = config.store.records.file().filter(|path| !path.exists()) {
        let path = path.display();
        let what = format!("{path} does not exist yet: the first start makes it");
        return report.warn("store", what);
    }
    let asked = stores::with_existing(config, async |opened| {
        ask(opened, config, now, report).await
    });
    if let Err(error) = asked {
        report.fail("store", format!("{error:#}"));
    }
}

async fn ask(opened: &Opened, config: &Config, now: Timestamp, report: &mut Report) -> Result<()> {
    // The records hold the newest entries of the trail, wherever that is kept.
    let records = &opened.records.stores;
    records.health.check().await?;
    let status = opened.records.status();
    let mut told = format!(
        "{} {} reads and writes; schema {}, {} KiB",
        status.engine,
        status.version,
        status.schema,
        status.size >> 10
    );
    if status.log_size > 0 {
        let _ = write!(told, " and {} KiB of log", status.log_size >> 10);
    }
    for (name, value) in status.more {
        let _ = write!(told, "; {name}: {value}");
    }
    report.good("store", told);
    for (name, told) in opened.others().await {
        match told {
            Ok(told) => report.good(name, told),
            Err(error) => report.fail(name, error.to_string()),
        }
    }
    redis(config, report).await;
    clock(records, now, report).await?;
    token(&opened.stores, config, now, report).await
}

/// Every Redis server that is named: whether it answers, and what an operator should mend.
async fn redis(config: &Config, report: &mut Report) {
    for named in stores::named_redis(&config.store) {
        let server = named.server();
        if let Err(error) = server.check().await {
            report.fail(named.what, format!("{}: {error}", server.address()));
            continue;
        }
        let facts = stores::redis_facts(&server).into_iter();
        let facts: Vec<String> = facts
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        report.good(named.what, facts.join("; "));
        for warning in named.warnings(&server.status()) {
            report.warn(named.what, warning);
        }
    }
}

/// The trail's newest entry can't lie in the future.
async fn clock(stores: &Stores, now: Timestamp, report: &mut Report) -> Result<()> {
    let newest = audit::list(
        stores,
        &Actor::console(),
        None,
        Limit::new(1).unwrap_or_default(),
    )
    .await?;
    let newest = newest.rows.first().map(|entry| entry.at);
    match newest {
        _ if now < EARLIEST => report.fail(
            "clock",
            format!("it is {now}, which is before this program was made: set the clock"),
        ),
        Some(at) if at.since(now) > CLOCK_TOLERANCE => {
            report.warn(
                "clock",
                format!(
                    "it is {now}, but the audit trail has an entry of {at}: was the clock set back?"
                ),
            );
        }
        _ => report.good("clock", format!("it is {now}")),
    }
    Ok(())
}

async fn token(
    stores: &Stores,
    config: &Config,
    now: Timestamp,
    report: &mut Report,
) -> Result<()> {
    let path = data_dir::admin_token(&config.data);
    let name = path.display();
    let mend = match &config.store.records {
        Records::Sqlite(_) => "the next start makes a new one",
        Records::Postgres(_) => "`pendopo token new` makes another",
    };
    let secret = match fs::read_to_string(&path) {
        Ok(secret) => secret,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            report.warn("admin token", format!("{name} is not there: {mend}"));
            return Ok(());
        }
        Err(error) => {
            report.fail("admin token", format!("can't read {name}: {error}"));
            return Ok(());
        }
    };
    let mode = fs::metadata(&path)?.permissions().mode();
    let is_good = tokens::resume(stores, secret.trim(), now).await?.is_some();
    match (is_good, mode & 0o077) {
        (false, _) => report.warn(
            "admin token",
            format!("the one in {name} is no longer good: {mend}"),
        ),
        (true, 0) => report.good(
            "admin token",
            format!("{name} is good, and for its owner alone"),
        ),
        (true, _) => report.fail(
            "admin token",
            format!("others may read {name}: `chmod 600 {name}`"),
        ),
    }
    Ok(())
}
