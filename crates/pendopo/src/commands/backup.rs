//! `pendopo backup`: making, listing and proving backups, and putting one in force.

mod force;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use school::{Clock, Timestamp};
use store::backup::{Backup, Identity, Note, State, restore};
use tempfile::Builder;

use crate::backups;
use crate::cli::{BackupCommand, OneBackup};
use crate::config::{Config, Destination};
use crate::console::say;

pub(super) fn run(config: &Config, command: BackupCommand) -> Result<ExitCode> {
    match command {
        BackupCommand::Create { thin_out } => create(config, thin_out),
        BackupCommand::List => list(config),
        BackupCommand::Verify(one) => verify(config, &one),
        BackupCommand::Restore(one) => force::run(config, &one),
    }
}

fn create(config: &Config, thin_out: bool) -> Result<ExitCode> {
    let made = backups::create_here(backups::of(config)?, config)?;
    say(format!("{} in {}", made.name, config.backup.to));
    if let Some(note) = &made.note {
        say(described(note));
    }
    if thin_out {
        for old in backups::of(config)?.thin_out(&config.backup.keep)? {
            say(format!("removed: {}", old.name));
        }
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
    let backups = backups::of(config)?.list()?;
    if backups.is_empty() {
        say(format!(
            "there is none in {}: `pendopo backup create` makes one",
            config.backup.to
        ));
    }
    for backup in &backups {
        say(format!(
            "{}  {:>9}  {}",
            backup.name,
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
    let mut progress = backups::progress();
    let mut tell = |stage, done, all| progress.tell(stage, done, all);
    let (identity, now) = (identity(one), Clock::System.now());
    let found = if let Some(name) = name(config, &one.file) {
        backups::of(config)?.verify(&name, identity.as_ref(), now, &mut tell)?
    } else {
        let scratch = Builder::new()
            .prefix(".restore-")
            .tempdir_in(&config.data)?;
        let into = scratch.path().join("new");
        let restored = restore(&one.file, &into, identity.as_ref(), &mut tell)?;
        Note::of(&one.file, &restored, now)?
    };
    drop(progress);
    say(one.file.display());
    say(described(&found));
    Ok(ExitCode::SUCCESS)
}

fn identity(one: &OneBackup) -> Option<Identity> {
    one.identity.clone().map(Identity::from_file)
}

/// The name of a backup where backups are kept; `None` for a file elsewhere.
fn name(config: &Config, file: &Path) -> Option<String> {
    let is_bare = file.parent().is_none_or(|parent| parent == Path::new(""));
    let is_inside = file.parent() == Some(&backups::here(config));
    let is_here = is_inside && matches!(config.backup.to, Destination::Folder(_));
    (is_here || is_bare && !file.exists())
        .then(|| file.file_name()?.to_str().map(str::to_owned))
        .flatten()
}

/// In whole seconds.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp(at.0 - at.0.rem_euclid(1_000_000))
}
