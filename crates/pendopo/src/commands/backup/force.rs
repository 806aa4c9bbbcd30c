//! `pendopo backup restore`: a backup takes the place of what is there, which moves aside and is lost in no case.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use school::Clock;
use store::archive::{DATABASE, FILES};
use store::backup::{Restored, Swap, restore, swap};
use tempfile::{Builder, TempDir};

use super::{identity, name, whole};
use crate::backups::{self, CONFIGURATION, DIRECTORIES};
use crate::cli::{OneBackup, RoleName};
use crate::config::Config;
use crate::console::{Progress, say};
use crate::data_dir::{self, DataDir};

pub(super) fn run(config: &Config, one: &OneBackup) -> Result<ExitCode> {
    let database = backups::database(config)?;
    // Held to the end, so that no server starts meanwhile.
    let _data = DataDir::open(&config.data, &RoleName::ALL)?;
    let scratch = Builder::new()
        .prefix(".restore-")
        .tempdir_in(&config.data)
        .with_context(|| format!("can't restore into {}", config.data.display()))?;
    let restored = unpack(config, &scratch, one).context("nothing was changed")?;
    let aside = aside(config);
    swap(
        &config.data,
        &aside,
        &swaps(config, database, scratch.path())?,
    )?;
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
    say("everybody has to sign in again, and the next start makes a new admin-token");
    Ok(ExitCode::SUCCESS)
}

fn unpack(config: &Config, scratch: &TempDir, one: &OneBackup) -> Result<Restored> {
    let path = match name(config, &one.file) {
        Some(name) => backups::of(config)?.fetch(&name, scratch.path())?,
        None => one.file.clone(),
    };
    let mut progress = Progress::of("restoring", "bytes");
    let into = scratch.path().join("new");
    let identity = identity(one);
    let tell = &mut |done, all| progress.tell(done, all);
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

/// The database with its log, the directories that the backup holds, and the token that the restored database does not
/// know.
fn swaps(config: &Config, database: &Path, scratch: &Path) -> Result<Vec<Swap>> {
    let new = scratch.join("new");
    let beside = |end: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let gone = |live| Swap { new: None, live };
    let mut swaps = vec![
        gone(beside("-wal")),
        gone(beside("-shm")),
        gone(data_dir::admin_token(&config.data)),
        Swap {
            new: Some(new.join(DATABASE)),
            live: database.to_owned(),
        },
    ];
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
