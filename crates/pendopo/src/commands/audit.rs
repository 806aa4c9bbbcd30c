//! `pendopo audit verify`: proves that nothing in the audit trail was changed or removed.

use std::process::ExitCode;

use anyhow::{Result, bail};
use school::audit::{self, Verdict};
use school::secret::hex;

use super::at_console;
use crate::cli::AuditCommand;
use crate::config::Config;
use crate::console::say;

/// Walks over the trail.
pub(super) fn run(config: &Config, command: AuditCommand) -> Result<ExitCode> {
    let AuditCommand::Verify = command;
    at_console(config, async |console| {
        match audit::verify(&console.stores, &console.actor).await? {
            Verdict::Sound { entries, head } => {
                say(format!(
                    "{entries} entries, each in its place and unchanged; the last hash is {}",
                    hex(&head)
                ));
                Ok(ExitCode::SUCCESS)
            }
            Verdict::Broken { seq } => {
                bail!(
                    "the audit trail is broken at entry {seq}: it was changed, removed or put there from outside; keep this database, and compare it with a backup"
                )
            }
        }
    })
}
