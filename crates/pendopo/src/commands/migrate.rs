//! `pendopo migrate`: brings the records to this version's schema, so that no server has to, and ends.

use std::process::ExitCode;

use anyhow::{Context, Result};
use tokio::runtime::Builder;

use crate::config::Config;
use crate::console::say;
use crate::data_dir::DataDir;
use crate::stores;
use crate::telemetry;

/// Several that do this at once take turns.
pub(super) fn run(config: &Config) -> Result<ExitCode> {
    telemetry::start(&config.log);
    // The directory alone: a server may be at work there.
    DataDir::open(&config.data, &[])?;
    stores::must_be_whole(&config.data)?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start a runtime")?;
    let opened = runtime.block_on(stores::open_now(&config.store))?;
    let status = opened.records.status();
    opened.close();
    say(format!(
        "{} has this version's schema, {}",
        status.database, status.schema
    ));
    Ok(ExitCode::SUCCESS)
}
