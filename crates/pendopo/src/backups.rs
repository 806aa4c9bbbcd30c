//! Backups as the configuration wants them: where they are, what goes into them, and when they are made.

mod keeper;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use school::Timestamp;
use store::archive::{Contents, Origin, Progress};
use store::backup::{Backup, BackupError, Backups, Bucket, BucketAccess, Place};

use crate::cli::RoleName;
use crate::config::{Audit, BackupConfig, Config, Destination, Messages, written};
use crate::stores;

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
    }
}

/// The folder of this machine in which backups are made, and what a restore replaces is put aside.
pub(crate) fn here(config: &Config) -> PathBuf {
    match &config.backup.to {
        Destination::Folder(folder) => folder.clone(),
        Destination::Bucket(_) => config.data.join("backups"),
    }
}

/// The records that are backed up and restored.
pub(crate) fn records(config: &Config) -> Result<Origin, Unserved> {
    let store = &config.store;
    if store.messages == Messages::Records && store.audit == Audit::Records {
        Ok(stores::origin(store))
    } else {
        Err(Unserved)
    }
}

/// Something is where this version neither reads a backup from nor restores one to.
#[derive(Debug, thiserror::Error)]
#[error(
    "this version makes and restores backups of what is with the records alone, and messages or the audit trail are on a \
     server beside them: stop the server, then use that one's own means, such as `mongodump`, and copy the data directory"
)]
pub(crate) struct Unserved;

/// The directories that a server of these roles can put into its backups: certificates are closed to one without an
/// edge.
pub(crate) fn directories(roles: &[RoleName]) -> &'static [&'static str] {
    if roles.contains(&RoleName::Edge) {
        &DIRECTORIES
    } else {
        &DIRECTORIES[1..]
    }
}

/// Makes one of everything that must come back, with these directories of `data`, and proves it.
pub(crate) fn create(
    config: &Config,
    (records, directories): (&Origin, &[&str]),
    at: Timestamp,
    progress: Progress<'_>,
) -> Result<Backup, BackupError> {
    create_in(&of(config)?, config, (records, directories), at, progress)
}

/// Makes one in another place than that of the configuration.
pub(crate) fn create_in(
    backups: &Backups,
    config: &Config,
    (records, directories): (&Origin, &[&str]),
    at: Timestamp,
    progress: Progress<'_>,
) -> Result<Backup, BackupError> {
    let mut files = Vec::new();
    for directory in directories {
        let path = config.data.join(directory);
        gather(&path, directory, &mut files).map_err(|cause| BackupError::File { path, cause })?;
    }
    let contents = Contents {
        records,
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
