//! `pendopo backup restore`: a backup takes the place of what is there, which moves aside and is lost in no case.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use school::Clock;
use store::archive::{DATABASE, FILES, Origin};
use store::backup::{
    BackupError, Backups, Place, Replacement, Restored, Swap, is_blank, replace, restore, swap,
};
use store::postgres::Options;
use tempfile::{Builder, TempDir};

use super::{identity, name, whole};
use crate::backups::{self, CONFIGURATION, DIRECTORIES};
use crate::cli::{OneBackup, RoleName};
use crate::config::Config;
use crate::console::say;
use crate::data_dir::{self, DataDir};
use crate::stores;

pub(super) fn run(config: &Config, one: &OneBackup) -> Result<ExitCode> {
    let records = stores::origin(&config.store);
    // Held to the end, so that no server starts meanwhile.
    let _data = DataDir::open(&config.data, &RoleName::ALL)?;
    // Asked first: whoever still works with the records is found out before the work begins.
    let is_to_keep = match &records {
        Origin::Sqlite(_) => false,
        Origin::Postgres(options) => !is_blank(options).context("nothing was changed")?,
    };
    let scratch = Builder::new()
        .prefix(".restore-")
        .tempdir_in(&config.data)
        .with_context(|| format!("can't restore into {}", config.data.display()))?;
    let restored = unpack(config, &scratch, one).context("nothing was changed")?;
    let aside = aside(config);
    let new = scratch.path().join("new").join(DATABASE);
    let swaps = swaps(config, &records, scratch.path())?;
    stores::hand_over(&config.store, &new).context("nothing was changed")?;
    match &records {
        Origin::Sqlite(_) => swap(&config.data, &aside, &swaps, || set_aside(config, &aside))?,
        Origin::Postgres(options) => {
            if is_to_keep {
                keep(config, &aside).context("nothing was changed")?;
            }
            let written = written(options, &new).context("nothing was changed")?;
            let first = || written.commit().and_then(|()| set_aside(config, &aside));
            swap(&config.data, &aside, &swaps, first)?;
        }
    }
    tell((one, &records), &restored, &aside);
    Ok(ExitCode::SUCCESS)
}

fn tell((one, records): (&OneBackup, &Origin), restored: &Restored, aside: &Path) {
    say(format!(
        "{} is in force: {} rows and {} files of {}",
        one.file.display(),
        restored.manifest.rows(),
        restored.manifest.files.len(),
        restored.manifest.head.created_at
    ));
    if let Some(entry) = restored.broken_trail {
        say(format!(
            "its audit trail is broken at entry {entry}: it was so when the backup was made"
        ));
    }
    say(format!(
        "what was there before is in {}: remove it when you need it no more",
        aside.display()
    ));
    say(match records {
        Origin::Sqlite(_) => {
            "everybody has to sign in again, and the next start makes a new admin-token"
        }
        Origin::Postgres(_) => {
            "everybody has to sign in again; where the admin-token is not good any more, `pendopo token new` makes one"
        }
    });
}

/// A backup of what is there, in the place for what moves aside.
fn keep(config: &Config, aside: &Path) -> Result<()> {
    let place = Place::Folder(aside.to_owned());
    let backups = Backups::new(place, aside.to_owned(), config.backup.recipient.clone());
    let made = backups::create_here(backups, config)?;
    let path = aside.join(made.name);
    say(format!("what was there is kept as {}", path.display()));
    Ok(())
}

/// The restored records on the server, where they are not in force yet.
fn written(options: &Options, restored: &Path) -> Result<Replacement> {
    let mut progress = backups::progress();
    let mut tell = |stage, done, all| progress.tell(stage, done, all);
    Ok(replace(options, restored, &mut tell)?)
}

/// What other stores keep of the records that are replaced; a server moves there anew what is restored.
fn set_aside(config: &Config, aside: &Path) -> Result<(), BackupError> {
    let name = aside.file_name().unwrap_or_default().to_string_lossy();
    let ending = name.replace(['-', '.'], "_");
    for renamed in stores::set_aside(&config.store, &ending)? {
        say(format!(
            "what was there on another store is kept there as `{renamed}`: remove it when you need it no more"
        ));
    }
    Ok(())
}

fn unpack(config: &Config, scratch: &TempDir, one: &OneBackup) -> Result<Restored> {
    let mut progress = backups::progress();
    let tell = &mut |stage, done, all| progress.tell(stage, done, all);
    let path = match name(config, &one.file) {
        Some(name) => backups::of(config)?.fetch(&name, scratch.path(), tell)?,
        None => one.file.clone(),
    };
    let into = scratch.path().join("new");
    let identity = identity(one);
    Ok(restore(&path, &into, identity.as_ref(), tell)?)
}

/// A place that nobody has used yet: what was set aside before stays as it is.
fn aside(config: &Config) -> PathBuf {
    let now = whole(Clock::System.now()).to_string().replace(':', "");
    let folder = backups::here(config);
    let first = folder.join(format!("before-restore-{now}"));
    let mut others = (2..).map(|number| folder.join(format!("before-restore-{now}-{number}")));
    if first.exists() {
        others.find(|place| !place.exists()).unwrap_or(first)
    } else {
        first
    }
}

/// The directories that the backup holds; of a database in a file, that with its log, and the token that the restored one
/// does not know.
fn swaps(config: &Config, records: &Origin, scratch: &Path) -> Result<Vec<Swap>> {
    let new = scratch.join("new");
    let gone = |live| Swap { new: None, live };
    let mut swaps = Vec::new();
    // Which servers have the token of records that many share, nobody knows here.
    if let Origin::Sqlite(database) = records {
        swaps.push(gone(data_dir::admin_token(&config.data)));
        swaps.extend(config.store.records.files().into_iter().skip(1).map(gone));
        swaps.push(Swap {
            new: Some(new.join(DATABASE)),
            live: database.clone(),
        });
    }
    for directory in DIRECTORIES {
        let restored = new.join(FILES).join(directory);
        if restored.exists() {
            swaps.push(Swap {
                new: Some(restored),
                live: config.data.join(directory),
            });
        }
    }
    let configuration = new.join(FILES).join(CONFIGURATION);
    if fs::exists(&configuration)? {
        swaps.push(Swap {
            new: Some(configuration),
            live: config.data.join("restored-pendopo.toml"),
        });
    }
    Ok(swaps)
}
