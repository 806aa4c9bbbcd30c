//! `pendopo init-secrets`: makes the secrets of a deployment, and says what each is for.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::SecretsOptions;
use crate::console::say;
use crate::secrets::{
    CONTAINERS, Outcome, SecretFolder, SecretName, containers_can_read, everybody_can_read,
};

/// Makes what is missing; never prints a secret.
pub(super) fn run(options: &SecretsOptions) -> Result<ExitCode> {
    let folder = SecretFolder::open(&options.to)?;
    let mut is_unreadable = false;
    for name in SecretName::ALL {
        let outcome = folder.ensure(name)?;
        let path = folder.file(name);
        let word = match outcome {
            Outcome::Made => "made",
            Outcome::Kept => "kept",
        };
        say(format!("{word} {}: {}", path.display(), name.purpose()));
        if everybody_can_read(&path)? {
            say(format!(
                "     everybody on this machine can read it: chmod o= {}",
                path.display()
            ));
        }
        is_unreadable |= !containers_can_read(&path)?;
    }
    if is_unreadable {
        say(format!(
            "containers, whose group is {CONTAINERS}, can't read some of these: as root, run chgrp {CONTAINERS} {0}/* && chmod g+r {0}/*",
            options.to.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}
