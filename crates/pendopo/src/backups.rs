//! Backups as the configuration wants them: where they are, what goes into them, and when they are made.

mod keeper;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use school::{Clock, Timestamp};
use store::archive::{Beside, Contents, Origin, Stage, Stages};
use store::backup::{Backup, BackupError, Backups, Bucket, BucketAccess, Place};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::cli::RoleName;
use crate::config::{Audit, BackupConfig, Config, Destination, Messages, RecordsOrRedis, written};
use crate::console;
use crate::stores::{self, Opened};

pub(crate) use keeper::{Keeper, last_proved};

/// The version that is noted in each archive.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The configuration's name in an archive: its secrets are left out, so it is for reading, not for starting with.
pub(crate) const CONFIGURATION: &str = "pendopo.toml";
/// The directories of `data` that go in.
pub(crate) const DIRECTORIES: [&str; 2] = ["tls", "uploads"];
/// In names of what lives for seconds: proofs for authorities, leases of running processes, files that are being made.
const PASSING: [&str; 3] = ["challenges", "lease", ".new"];

/// Those of the configuration; nothing is asked of a bucket yet.
pub(crate) fn of(config: &Config) -> Result<Backups, BackupError> {
    let backup = &config.backup;
    let place = match &backup.to {
        Destination::Folder(folder) => Place::Folder(folder.clone()),
        Destination::Bucket(url) => Place::Bucket(Bucket::new(url, &access(backup))?),
    };
    Ok(Backups::new(place, here(config), backup.recipient.clone()))
}

fn access(backup: &BackupConfig) -> BucketAccess {
    BucketAccess {
        endpoint: backup.endpoint.clone(),
        region: backup.region.clone(),
        key_id: backup.access_key.clone(),
        key: backup.secret_key.clone(),
        ca_file: backup.ca_file.clone(),
    }
}

/// The folder of this machine in which backups are made, and what a restore replaces is put aside.
pub(crate) fn here(config: &Config) -> PathBuf {
    match &config.backup.to {
        Destination::Folder(folder) => folder.clone(),
        Destination::Bucket(_) => config.data.join("backups"),
    }
}

/// How far the work on a backup is, for people.
pub(crate) fn progress() -> console::Stages<Stage> {
    console::Stages::new(|stage| match stage {
        Stage::Writing => ("writing", "rows"),
        Stage::Unpacking => ("restoring into a scratch place", "bytes"),
        Stage::Comparing => ("comparing", "rows"),
        Stage::Sending => ("sending", "bytes"),
        Stage::Fetching => ("fetching", "bytes"),
    })
}

/// What goes into a backup.
pub(crate) struct Everything {
    pub(crate) records: Origin,
    /// What of them is kept elsewhere.
    pub(crate) beside: Option<Beside>,
    /// Directories of `data`.
    pub(crate) directories: &'static [&'static str],
}

/// Whether something is kept elsewhere than the records.
pub(crate) fn is_beside(config: &Config) -> bool {
    let store = &config.store;
    store.messages != Messages::Records
        || store.audit != Audit::Records
        || store.bans != RecordsOrRedis::Records
}

/// What is kept elsewhere than the records, by the ports of opened stores; `None` if nothing is.
pub(crate) fn beside(config: &Config, opened: &Opened, runtime: Handle) -> Option<Beside> {
    let (store, stores) = (&config.store, &opened.stores);
    let messages = (store.messages != Messages::Records).then(|| Arc::clone(&stores.messages));
    let audit = (store.audit != Audit::Records).then(|| Arc::clone(&stores.audit));
    let bans = (store.bans != RecordsOrRedis::Records).then(|| Arc::clone(&opened.bans));
    is_beside(config).then_some(Beside {
        messages,
        audit,
        bans,
        runtime,
    })
}

/// Makes a backup from the command line in this place. The records are brought to this version's schema first, as a
/// server would.
pub(crate) fn create_here(backups: Backups, config: &Config) -> anyhow::Result<Backup> {
    let (records, config_of_work) = (stores::origin(&config.store), config.clone());
    stores::with_existing(config, async move |opened| {
        let config = config_of_work;
        let everything = Everything {
            beside: beside(&config, opened, Handle::current()),
            records,
            directories: &DIRECTORIES,
        };
        let work = move || {
            let mut progress = progress();
            let mut tell = |stage, done, all| progress.tell(stage, done, all);
            create(
                &backups,
                &config,
                (&everything, Clock::System.now()),
                &mut tell,
            )
        };
        Ok(spawn_blocking(work)
            .await
            .context("the backup panicked")??)
    })
}

/// The directories that a server of these roles can put into its backups: certificates are closed to one without an
/// edge.
pub(crate) fn directories(roles: &[RoleName]) -> &'static [&'static str] {
    if roles.contains(&RoleName::Edge) {
        &DIRECTORIES
    } else {
        &DIRECTORIES[1..]
    }
}

/// Makes one of everything that must come back, and proves it.
pub(crate) fn create(
    backups: &Backups,
    config: &Config,
    (everything, at): (&Everything, Timestamp),
    progress: Stages<'_>,
) -> Result<Backup, BackupError> {
    let mut files = Vec::new();
    for directory in everything.directories {
        let path = config.data.join(directory);
        gather(&path, directory, &mut files).map_err(|cause| BackupError::File { path, cause })?;
    }
    let contents = Contents {
        records: &everything.records,
        beside: everything.beside.as_ref(),
        files: &files,
        texts: &[(CONFIGURATION.to_owned(), written(config))],
        version: VERSION,
        created_at: at.to_string(),
    };
    backups.create(&contents, at, progress)
}

/// Every file below the directory, with its name in the archive; links lead elsewhere and are left out.
fn gather(directory: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(own) = entry.file_name().into_string() else {
            continue;
        };
        let (kind, inner) = (entry.file_type()?, format!("{name}/{own}"));
        let is_passing = PASSING.iter().any(|word| own.contains(word));
        if kind.is_dir() && !is_passing {
            gather(&entry.path(), &inner, files)?;
        } else if kind.is_file() && !is_passing {
            files.push((inner, entry.path()));
        }
    }
    Ok(())
}
