//! A configuration that was read and checked, with the origin of each value, and how it is written down.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use toml::Value;

use super::known::Known;
use super::setting::Origin;
use super::{Config, Records, SECRETS};

/// The key of the address that may hold a password.
const ADDRESS: &str = "store.records";

/// A checked configuration and where its values come from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The configuration.
    pub(crate) config: Config,
    /// The file that was read, if there was one.
    pub(crate) file: Option<PathBuf>,
    pub(super) origins: BTreeMap<String, Origin>,
}

/// One key, for `pendopo check`.
#[derive(Debug)]
pub(crate) struct Row {
    /// The key.
    pub(crate) key: String,
    /// Its value as TOML, a secret masked.
    pub(crate) value: String,
    /// Where the value comes from.
    pub(crate) origin: Origin,
}

impl Loaded {
    /// The files that were read: the configuration, and those that hold secrets.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let secrets = self.origins.values().filter_map(|origin| match origin {
            Origin::Secret(path, _) => Some(path.clone()),
            _ => None,
        });
        self.file.clone().into_iter().chain(secrets).collect()
    }

    /// The files in which secrets stand, each with the key that leads to it.
    pub(crate) fn secrets_in_files(&self) -> impl Iterator<Item = (PathBuf, String)> {
        self.origins
            .iter()
            .filter_map(|(key, origin)| match origin {
                Origin::Secret(file, _) => Some((file.clone(), format!("{key}_file"))),
                Origin::File(file, _) if self.is_secret(key) => Some((file.clone(), key.clone())),
                _ => None,
            })
    }

    fn is_secret(&self, key: &str) -> bool {
        let address = match &self.config.store.records {
            Records::Postgres(address) if key == ADDRESS => address.password(),
            _ => None,
        };
        SECRETS.contains(&key) || address.is_some()
    }

    /// Where a key's value comes from.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Every key with its value and origin.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let known = Known::of(&self.config);
        let row = |(key, value): &(String, serde_json::Value)| Row {
            key: key.clone(),
            value: toml_text(value),
            origin: self.origin(key),
        };
        known.keys().iter().map(row).collect()
    }
}

/// Every key that has a value, as a file would set it; secrets are left out.
pub(crate) fn written(config: &Config) -> String {
    let known = Known::of(config);
    let shown = known
        .keys()
        .iter()
        .filter(|(key, _)| !SECRETS.contains(&key.as_str()));
    let lines = shown
        .map(|(key, value)| (key, toml_text(value)))
        .filter(|(_, text)| !text.is_empty());
    let mut written = String::new();
    for (key, text) in lines {
        let _ = writeln!(written, "{key} = {text}");
    }
    written
}

/// A value as it is written in the file; nothing for an absent one.
pub(super) fn toml_text(value: &serde_json::Value) -> String {
    toml_value(value).map_or_else(String::new, |value| value.to_string())
}

/// A value of the configuration's own in TOML; `None` for an absent one.
pub(super) fn toml_value(value: &serde_json::Value) -> Option<Value> {
    if value.is_null() {
        None
    } else {
        Value::try_from(value).ok()
    }
}
