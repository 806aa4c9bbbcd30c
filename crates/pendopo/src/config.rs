//! The whole configuration: read from file, environment and command line, checked, and with the origin of each value.

mod admin;
mod backup;
mod change;
mod check;
mod fault;
mod known;
mod loaded;
mod merge;
mod password;
mod reference;
mod setting;
mod source;
mod store;

use std::path::PathBuf;

use edge::config::Span;
use serde::{Deserialize, Serialize};

pub(crate) use admin::{AdminConfig, DrainConfig, Format, Level, LogConfig, Switch};
pub(crate) use backup::{BackupConfig, Destination};
pub(crate) use change::{Change, changes};
pub(crate) use fault::Faults;
pub(crate) use loaded::{Loaded, written};
pub(crate) use merge::{data_directory, insert, load};
pub(crate) use reference::reference;
pub(crate) use store::{Audit, Common, Messages, Records, RecordsOrRedis, Replica, StoreConfig};

/// Keys whose values nobody may see; each can be given as the content of a file, by the key with `_file`.
const SECRETS: &[&str] = &[
    "admin.password",
    "backup.secret_key",
    "store.audit_password",
    "store.bans_password",
    "store.cache_password",
    "store.limits_password",
    "store.messages_password",
    "store.records_password",
    "store.sessions_password",
];

/// Whether the file of this secret is read again whenever the secret is used, rather than once.
fn is_read_again(secret: &str) -> bool {
    secret.starts_with("store.") || secret == "backup.secret_key"
}

/// Everything that can be set.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The names under which the school is reached, the same as `--domain`: the certificate is made for them, and
    /// the listeners are opened to everybody, on ports 80 and 443. A reload puts other names in force; from none to some,
    /// or back, takes a restart. Default none; for example `["sekolah.example"]`.
    pub(crate) domains: Vec<String>,
    /// The directory in which everything is kept, the same as `--data`. Default `data`.
    pub(crate) data: PathBuf,
    /// The language of pages when the browser states none: `id` or `en`. Default `id`.
    pub(crate) language: web::Language,
    /// Whether the server gives up, when it starts, what it won't need again: files of other roles, starting programs,
    /// opening listeners; `on` or `off`. Where the kernel lacks a fence the log says so, and the rest stands. Default
    /// `on`; turn it off to find out whether it is in the way of something, and tell us.
    pub(crate) sandbox: Switch,
    /// How long a thread that answers requests may be stuck before the process ends itself, with a message, so that
    /// whoever started it starts it again; `0s` lets it hang. Default `30s`.
    pub(crate) watchdog: Span,
    /// The front door.
    pub(crate) edge: edge::Config,
    /// The API and the pages.
    pub(crate) web: web::Config,
    /// The private listener.
    pub(crate) admin: AdminConfig,
    /// Where records are kept.
    pub(crate) store: StoreConfig,
    /// Backups.
    pub(crate) backup: BackupConfig,
    /// The program's own log.
    pub(crate) log: LogConfig,
    /// The end.
    pub(crate) drain: DrainConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            data: PathBuf::from("data"),
            language: web::Language::default(),
            sandbox: Switch::default(),
            watchdog: Span::from_secs(30),
            edge: edge::Config::default(),
            web: web::Config::default(),
            admin: AdminConfig::default(),
            store: StoreConfig::default(),
            backup: BackupConfig::default(),
            log: LogConfig::default(),
            drain: DrainConfig::default(),
        }
    }
}

#[cfg(test)]
mod tests;
