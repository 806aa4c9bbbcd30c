//! What an operator can set under `[backup]`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use store::backup::{Keep, Recipient, Schedule};

/// Backups: when, where, and how many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BackupConfig {
    /// When they are made, as cron writes it: minute, hour, day of the month, month and day of the week, by the clock
    /// of `web.time_zone`; `off` makes none. Default `0 2 * * *`, each night at two.
    pub(crate) schedule: Schedule,
    /// Where they are kept: a directory. Default `backups` in the data directory; for example `/mnt/other-disk/pendopo`.
    pub(crate) to: Folder,
    /// How many of those made by the schedule are kept; the newest one that was proved always is.
    pub(crate) keep: Keep,
    /// For whom they are sealed: an age public key, as `age-keygen` prints it. Whoever has the private key alone can
    /// read them, so keep it elsewhere. Default none: they are readable by the server's user.
    pub(crate) recipient: Option<Recipient>,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self {
            schedule: "0 2 * * *".parse().expect("a schedule"),
            to: Folder::default(),
            keep: Keep::default(),
            recipient: None,
        }
    }
}

/// A directory for backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The one in this data directory.
    pub(crate) fn inside(data: &Path) -> Self {
        Self(data.join("backups"))
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::inside(Path::new("data"))
    }
}

impl FromStr for Folder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.contains("://") {
            return Err(format!(
                "`{text}` is no directory, and this version keeps backups in directories alone: write a path such as `/mnt/other-disk/pendopo`"
            ));
        }
        Ok(Self(PathBuf::from(text)))
    }
}

impl TryFrom<String> for Folder {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Folder> for String {
    fn from(folder: Folder) -> Self {
        folder.to_string()
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}
