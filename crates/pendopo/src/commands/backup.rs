//! `pendopo backup`: making, listing and proving backups, and putting one in force.

mod restore;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use school::{Clock, Timestamp};
use store::backup::{Backup, Identity, Note, State};

use crate::backups;
use crate::cli::{BackupCommand, OneBackup};
use crate::config::Config;
use crate::console::{Progress, say};
use crate::stores;

pub(super) fn run(config: &Config, command: BackupCommand) -> Result<ExitCode> {
    match command {
        BackupCommand::Create => create(config),
        BackupCommand::List => list(config),
        BackupCommand::Verify(one) => verify(config, &one),
        BackupCommand::Restore(one) => restore::run(config, &one),
    }
}

fn create(config: &Config) -> Result<ExitCode> {
    // Brought to this version's schema first, as a server would.
    let database = backups::database(config)?;
    stores::with_existing(config, async |_| Ok(()))?;
    let mut progress = Progress::of("writing", "rows");
    let made = backups::create(
        config,
        (database, &backups::DIRECTORIES),
        Clock::System.now(),
        &mut |done, all| {
            progress.tell(done, all);
        },
    );
    drop(progress);
    let made = made?;
    say(made.path.display());
    if let Some(note) = &made.note {
        say(described(note));
    }
    Ok(ExitCode::SUCCESS)
}

fn described(note: &Note) -> String {
    let trail = match note.broken_trail {
        None => "the audit trail is sound".to_owned(),
        Some(entry) => format!(
            "BUT THE AUDIT TRAIL IS BROKEN at entry {entry}: it was changed, removed or put there from outside"
        ),
    };
    format!(
        "{} bytes, {} rows and {} files; restored into a scratch place and found whole; {trail}",
        note.size, note.rows, note.files
    )
}

fn list(config: &Config) -> Result<ExitCode> {
    let (backups, folder) = (backups::of(config).list()?, config.backup.to.path());
    if backups.is_empty() {
        say(format!(
            "there is none in {}: `pendopo backup create` makes one",
            folder.display()
        ));
    }
    for backup in &backups {
        let name = backup.path.file_name().unwrap_or_default();
        say(format!(
            "{}  {:>9}  {}",
            name.to_string_lossy(),
            size(backup.size),
            worth(backup)
        ));
    }
    let is_bad = backups
        .iter()
        .any(|backup| backup.state() == State::Changed);
    Ok(ExitCode::from(u8::from(is_bad)))
}

fn size(bytes: u64) -> String {
    match bytes {
        large if large >= 10 << 20 => format!("{} MiB", large >> 20),
        small => format!("{} KiB", small.div_ceil(1024)),
    }
}

fn worth(backup: &Backup) -> String {
    let sealed = if backup.is_sealed { ", sealed" } else { "" };
    let state = match (backup.state(), &backup.note) {
        (State::Changed, _) => "DAMAGED: it has not the length that it was proved with".to_owned(),
        (State::Proved, Some(note)) => {
            let trail = note
                .broken_trail
                .map_or("", |_| ", its audit trail is broken");
            format!("restored and found whole {}{trail}", whole(note.proved_at))
        }
        _ => "never proved: `pendopo backup verify` does it".to_owned(),
    };
    format!("{state}{sealed}")
}

fn verify(config: &Config, one: &OneBackup) -> Result<ExitCode> {
    let (path, identity) = (find(config, &one.file)?, identity(one));
    let mut progress = Progress::of("restoring into a scratch place", "bytes");
    let found = backups::of(config).verify(
        &path,
        identity.as_ref(),
        Clock::System.now(),
        &mut |done, all| progress.tell(done, all),
    );
    drop(progress);
    say(path.display());
    say(described(&found?));
    Ok(ExitCode::SUCCESS)
}

fn identity(one: &OneBackup) -> Option<Identity> {
    one.identity.clone().map(Identity::from_file)
}

/// The file itself, or the one of that name in the folder.
fn find(config: &Config, file: &Path) -> Result<PathBuf> {
    let inside = config.backup.to.path().join(file);
    match (file.exists(), inside.exists()) {
        (true, _) => Ok(file.to_owned()),
        (false, true) => Ok(inside),
        (false, false) => bail!(
            "there is no {}, here or in {}: `pendopo backup list` shows what there is",
            file.display(),
            config.backup.to.path().display()
        ),
    }
}

/// In whole seconds.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0.rem_euclid(1_000_000))
}
