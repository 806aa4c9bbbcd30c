//! `pendopo reload`: has the running server read its configuration anew.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::cli::RoleName;
use crate::console::say;
use crate::control::{Request, ask, is_answered};

/// Asks each server that uses the directory; processes with different roles may share it.
pub(super) fn run(data: &Path) -> Result<ExitCode> {
    let answered: Vec<_> = RoleName::ALL
        .into_iter()
        .filter(|role| is_answered(data, *role))
        .collect();
    // Without any, the first one's socket stands in the complaint.
    let asked = if answered.is_empty() {
        &RoleName::ALL[..1]
    } else {
        &answered
    };
    for role in asked {
        say(ask(data, *role, &Request::Reload)?);
    }
    Ok(ExitCode::SUCCESS)
}
