//! Which files each role needs while it serves, and which are closed to it whatever else it may read.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use lifecycle::sandbox::{Reach, Right};

use crate::backups;
use crate::cli::RoleName;
use crate::config::Config;
use crate::data_dir::{RUN, admin_token};
use crate::stores;

/// What the process asks of the system: about itself, time zones, and randomness, which a static binary reads from files.
const SYSTEM: &[&str] = &[
    "/proc",
    "/sys/fs/cgroup",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
];
/// What stands in `/etc` and beside it of that; a role that must not read everything there gets these alone.
const NAMES: &[&str] = &[
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/services",
    "/etc/localtime",
    // Whom the machine believes: a bucket over HTTPS.
    "/etc/ssl/certs",
    "/usr/share/ca-certificates",
];

/// The files of some roles under one configuration.
pub(super) struct Places<'a> {
    config: &'a Config,
    /// The configuration itself, and the secrets it names; looked at again by a reload.
    files: &'a [PathBuf],
    is_edge: bool,
    is_web: bool,
}

impl<'a> Places<'a> {
    pub(super) fn of(roles: &[RoleName], config: &'a Config, files: &'a [PathBuf]) -> Self {
        Self {
            config,
            files,
            is_edge: roles.contains(&RoleName::Edge),
            is_web: roles.contains(&RoleName::Web),
        }
    }

    /// Makes the directories that the roles write to, and the database's files where each is granted by itself: only
    /// what is there can be granted.
    pub(super) fn lay_out(&self) -> Result<()> {
        for directory in self.own_directories() {
            let mut builder = DirBuilder::new();
            // Whoever needs it says so, and why it can't be had.
            let _ = builder.recursive(true).mode(0o700).create(directory);
        }
        if self.is_edge {
            // Whoever shows a certificate later says what is wrong.
            let _ = edge::holder(&self.config.data);
        }
        match self.beside_records() {
            Some(directory) if self.hides(directory) => stores::lay_out(&self.config.store.records),
            _ => Ok(()),
        }
    }

    /// Everything that these roles may reach.
    pub(super) fn reach(&self) -> Reach {
        let mut reach = Reach::default();
        for path in SYSTEM {
            reach.grant(path, Right::Read);
        }
        for file in NAMES {
            self.grant_beside(Path::new(file), &mut reach);
        }
        for directory in self.own_directories() {
            reach.grant(directory, Right::Write);
        }
        if self.is_edge {
            reach.grant(self.config.data.join("edge.id"), Right::Read);
        }
        if self.is_web {
            self.grant_records(&mut reach);
        }
        self.grant_of_reload(&mut reach);
        reach
    }

    /// What of this a reload may change.
    pub(super) fn of_reload(&self) -> Reach {
        let mut reach = Reach::default();
        self.grant_of_reload(&mut reach);
        reach
    }

    fn grant_of_reload(&self, reach: &mut Reach) {
        for file in self.watched() {
            self.grant_beside(file, reach);
        }
        for file in self.of_redis() {
            self.grant_beside(&file, reach);
        }
        let sites = self.config.edge.site.iter().filter(|_| self.is_edge);
        for root in sites.filter_map(|site| site.root.as_ref()) {
            reach.grant(root, Right::Read);
        }
    }

    /// Below them the roles do as they like.
    fn own_directories(&self) -> Vec<PathBuf> {
        let data = &self.config.data;
        let mut own = vec![data.join(RUN), data.join("logs")];
        if self.is_edge {
            own.push(data.join("tls"));
        }
        if self.is_web {
            own.push(backups::here(self.config));
            own.extend(self.beside_records().map(|place| place.join("backups")));
        }
        own
    }

    /// Files that are read again while the server runs, and may be replaced by others of their name.
    fn watched(&self) -> impl Iterator<Item = &Path> {
        let edge = Some(&self.config.edge).filter(|_| self.is_edge);
        let of_edge = edge.into_iter().flat_map(|edge| {
            let pairs = edge.tls.pair.iter();
            let pairs = pairs.flat_map(|pair| [Some(&pair.certificate), Some(&pair.key)]);
            let first = [edge.tls.certificate.as_ref(), edge.tls.key.as_ref()];
            let authorities = edge
                .upstream
                .iter()
                .map(|upstream| upstream.ca_file.as_ref());
            let authorities = authorities.chain([edge.acme.ca_file.as_ref()]);
            pairs.chain(first).chain(authorities).flatten()
        });
        let store = Some(&self.config.store).filter(|_| self.is_web);
        let of_web = store.into_iter().flat_map(|store| {
            let replicas = store.records_read.iter();
            let replicas = replicas.filter_map(|replica| replica.address().authorities());
            let mongo = [store.messages.mongo(), store.audit.mongo()];
            let mongo = mongo.into_iter().flatten();
            let mongo = mongo.flat_map(store_mongo::Address::files);
            store
                .records
                .authorities()
                .into_iter()
                .chain(replicas)
                .chain(mongo)
                .chain(self.config.backup.ca_file.as_deref())
        });
        let files = self.files.iter().chain(of_edge).map(PathBuf::as_path);
        files.chain(of_web)
    }

    /// What is read at each connection to Redis.
    fn of_redis(&self) -> Vec<PathBuf> {
        let named = stores::named_redis(&self.config.store).into_iter();
        let own = named.filter(|named| named.is_asked_by(self.is_edge, self.is_web));
        own.flat_map(|named| named.files()).collect()
    }

    /// The database with what SQLite puts beside it. Where a directory closed to the role lies there as well, the
    /// files are granted one by one; they are made by [`stores::lay_out`].
    fn grant_records(&self, reach: &mut Reach) {
        let data = &self.config.data;
        for directory in self.beside_records().into_iter().chain([data.as_path()]) {
            let right = if self.hides(directory) {
                Right::Arrange
            } else {
                Right::Write
            };
            reach.grant(directory, right);
        }
        for file in self.config.store.records.files() {
            reach.grant(file, Right::Write);
        }
        reach.grant(admin_token(data), Right::Read);
    }

    /// The directory of the database, where that is a file of this process.
    fn beside_records(&self) -> Option<&Path> {
        let file = self.config.store.records.file().filter(|_| self.is_web)?;
        let parent = file.parent()?;
        let is_here = parent.as_os_str().is_empty();
        Some(if is_here { Path::new(".") } else { parent })
    }

    /// Lets a file be read, and others of its name that come later, which takes its whole directory; unless something
    /// closed to the role lies there.
    fn grant_beside(&self, file: &Path, reach: &mut Reach) {
        reach.grant(file, Right::Read);
        let resolved = file.canonicalize().ok();
        for place in [Some(file), resolved.as_deref()].into_iter().flatten() {
            let directory = match place.parent() {
                Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
                Some(parent) => parent,
                None => continue,
            };
            if !self.hides(directory) {
                reach.grant(directory, Right::Read);
            }
        }
    }

    /// Whether something is at or below this directory that the roles must not read.
    pub(super) fn hides(&self, directory: &Path) -> bool {
        let Ok(directory) = directory.canonicalize() else {
            return true;
        };
        let closed = self.closed();
        let mut closed = closed.iter().map(|path| resolved(path));
        directory == Path::new("/") || closed.any(|path| path.starts_with(&directory))
    }

    /// What belongs to the roles that this process does not play.
    fn closed(&self) -> Vec<PathBuf> {
        let data = &self.config.data;
        let mut closed = Vec::new();
        if !self.is_web {
            closed.extend(self.config.store.records.files());
            closed.push(backups::here(self.config));
            closed.push(admin_token(data));
            let inside = backups::DIRECTORIES.iter().filter(|name| **name != "tls");
            closed.extend(inside.map(|name| data.join(name)));
        }
        if !self.is_edge {
            let tls = &self.config.edge.tls;
            closed.push(data.join("tls"));
            closed.extend(tls.key.clone());
            closed.extend(tls.pair.iter().map(|pair| pair.key.clone()));
        }
        closed
    }
}

/// A path without links, as far as it is there: what is closed may be made later by another process.
fn resolved(path: &Path) -> PathBuf {
    let whole = path.canonicalize().ok();
    whole.unwrap_or_else(|| match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => {
            resolved(Path::new(".")).join(name)
        }
        (Some(parent), Some(name)) => resolved(parent).join(name),
        _ => path.to_owned(),
    })
}

#[cfg(test)]
mod tests;
