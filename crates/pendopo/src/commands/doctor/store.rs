//! The stores: whether they answer and can be written, and whether the clock fits them.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use anyhow::{Context, Result};
use school::{Actor, Limit, Stores, Timestamp, audit, tokens};
use store::Opened;
use tokio::runtime::Builder;

use super::report::Report;
use crate::config::Config;
use crate::data_dir;
use crate::records;

/// A clock that is further behind the newest entry of the trail was set back, or was wrong then.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);
/// Before this version was made nobody can have run it: 2026-11-20.
const EARLIEST: Timestamp = Timestamp(1_795_132_800_000_000);

pub(super) fn examine(config: &Config, now: Timestamp, report: &mut Report) {
    let path = config.store.records.path();
    if !path.exists() {
        report.warn(
            "store",
            format!(
                "{} does not exist yet: the first start makes it",
                path.display()
            ),
        );
        return;
    }
    let opened = match records::open_existing(config) {
        Ok(opened) => opened,
        Err(error) => return report.fail("store", format!("{error:#}")),
    };
    if let Err(error) = ask(&opened, config, now, report) {
        report.fail("store", format!("{error:#}"));
    }
    opened.close();
}

fn ask(opened: &Opened, config: &Config, now: Timestamp, report: &mut Report) -> Result<()> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start a runtime")?;
    runtime.block_on(async {
        opened.stores.health.check().await?;
        let status = opened.status();
        let size = format!(
            "{} KiB and {} KiB of log",
            status.size >> 10,
            status.log_size >> 10
        );
        report.good(
            "store",
            format!(
                "{} {} reads and writes; schema {}, {size}",
                status.engine, status.version, status.schema
            ),
        );
        clock(&opened.stores, now, report).await?;
        token(&opened.stores, config, now, report).await
    })
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
    let secret = match fs::read_to_string(&path) {
        Ok(secret) => secret,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            report.warn(
                "admin token",
                format!("{name} is not there: the next start makes a new one"),
            );
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
            format!("the one in {name} is no longer good: the next start makes a new one"),
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
