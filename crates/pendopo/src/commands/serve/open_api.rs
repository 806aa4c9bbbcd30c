//! When the API may be opened to everybody: only while nobody but this machine can reach it.

use anyhow::Result;

use crate::cli::RoleName;
use crate::config::Config;
use crate::roles::listeners;
use crate::usage::Usage;

/// Refuses `--open-api` with a listener that others can reach.
pub(super) fn must_be_private(config: &Config, roles: &[RoleName]) -> Result<()> {
    let mut listeners = listeners(roles, config).into_iter();
    let public = listeners.find(|(_, address)| !address.ip().is_loopback());
    match public {
        None => Ok(()),
        Some((key, address)) => Err(Usage(format!(
            "`--open-api` lets everybody in who can reach the server, and `{key}` is {address}: \
             listen on 127.0.0.1 alone, or leave out `--open-api`"
        ))
        .into()),
    }
}
