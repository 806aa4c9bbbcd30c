//! What an operator can set under `[backup]`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use lifecycle::Password;
use serde::{Deserialize, Serialize};
use store::backup::{Keep, Recipient, Schedule};

use super::password;

/// Backups: when, where, and how many.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BackupConfig {
    /// When they are made, as cron writes it: minute, hour, day of the month, month and day of the week, by the clock
    /// of `web.time_zone`; `off` makes none. Default `0 2 * * *`, each night at two.
    pub(crate) schedule: Schedule,
    /// Where they are kept: a directory, or a bucket such as `s3://bucket/prefix`. Default `backups` in the data
    /// directory; for example `/mnt/other-disk/pendopo`.
    pub(crate) to: Destination,
    /// How many of those made by the schedule are kept; the newest one that was proved always is.
    pub(crate) keep: Keep,
    /// For whom they are sealed: an age public key, as `age-keygen` prints it. Whoever has the private key alone can
    /// read them, so keep it elsewhere. Default none: they are readable by the server's user.
    pub(crate) recipient: Option<Recipient>,
    /// The server that has the bucket. Default Amazon's; for example `https://s3.sekolah.example`.
    pub(crate) endpoint: Option<String>,
    /// The region of the bucket. Default `us-east-1`, which servers other than Amazon's seldom look at.
    pub(crate) region: String,
    /// The name of the key for the bucket. Default none: at Amazon, the role of the machine.
    pub(crate) access_key: Option<String>,
    /// The key for the bucket. Default none.
    #[serde(with = "password")]
    pub(crate) secret_key: Password,
    /// A PEM file with the authorities that vouch for the server of the bucket; no others are believed then. Default
    /// none: the public ones; for example `/etc/pendopo/s3-ca.pem`.
    pub(crate) ca_file: Option<PathBuf>,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self {
            schedule: "0 2 * * *".parse().expect("a schedule"),
            to: Destination::inside(Path::new("data")),
            keep: Keep::default(),
            recipient: None,
            endpoint: None,
            region: "us-east-1".to_owned(),
            access_key: None,
            secret_key: Password::default(),
            ca_file: None,
        }
    }
}

/// Where backups are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Destination {
    /// A directory.
    Folder(PathBuf),
    /// The URL of a bucket.
    Bucket(String),
}

impl Destination {
    /// The directory in this data directory.
    pub(crate) fn inside(data: &Path) -> Self {
        Self::Folder(data.join("backups"))
    }
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const WORKS: &str =
            "write a directory such as `/mnt/other-disk/pendopo`, or `s3://bucket/prefix`";
        match text.split_once("://") {
            None if text.is_empty() => Err(format!("is empty: {WORKS}")),
            None => Ok(Self::Folder(PathBuf::from(text))),
            Some(("s3", bucket)) if is_bucket(bucket) => Ok(Self::Bucket(text.to_owned())),
            Some(_) => Err(format!("`{text}` is no place for backups: {WORKS}")),
        }
    }
}

/// A bucket's name, perhaps with a prefix of plain parts.
fn is_bucket(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let mut parts = text.trim_end_matches('/').split('/');
    parts.all(|part| !part.is_empty() && part.bytes().all(is_plain) && !part.starts_with(".."))
}

impl TryFrom<String> for Destination {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.to_string()
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => path.display().fmt(f),
            Self::Bucket(url) => f.write_str(url),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_directory_or_a_bucket() {
        for text in ["data/backups", "/mnt/x", "s3://bucket", "s3://bucket/a/b.c"] {
            assert_eq!(text.parse::<Destination>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "s3://",
            "s3://a//b",
            "s3://a/../b",
            "s3://a b",
            "https://a/b",
            "ftp://a",
        ] {
            let error = text.parse::<Destination>().unwrap_err();
            assert!(error.contains("`s3://bucket/prefix`"), "{text}: {error}");
        }
    }
}
