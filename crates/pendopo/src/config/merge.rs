//! Laying the sources over each other, key by key, so that each value keeps its origin.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use lifecycle::password::without_end_of_line;
use serde::Deserialize;
use toml::{Table, Value};

use super::backup::Destination;
use super::fault::{Fault, Faults};
use super::known::Known;
use super::loaded::{Loaded, toml_value};
use super::setting::{Given, Origin, Setting};
use super::store::Records;
use super::{Config, SECRETS, check, is_read_again, source};
use crate::cli::Global;

/// Reads every source, the later ones winning: file, environment, `--set`, options of their own.
pub(crate) fn load(global: &Global, domains: &[String]) -> Result<Loaded, Faults> {
    load_with(global, domains, &source::environment())
}

/// The data directory alone, also where the rest of the configuration is wrong: there the running server is found.
pub(crate) fn data_directory(global: &Global) -> Result<PathBuf, Faults> {
    let environment = source::environment();
    let file = source::file(global.config.as_deref(), &environment);
    // The server will say what is wrong with the file.
    let settings = file.and_then(|file| source::from_file(&file).ok());
    let mut settings = settings.unwrap_or_default();
    settings.extend(source::from_environment(&environment));
    settings.extend(source::from_set(&global.set)?);
    settings.extend(flags(global, &[]));
    settings.retain(|setting| setting.key == "data");
    Ok(Merged::of(settings)?.config()?.data)
}

pub(super) fn load_with(
    global: &Global,
    domains: &[String],
    environment: &[(String, String)],
) -> Result<Loaded, Faults> {
    let file = source::file(global.config.as_deref(), environment);
    let mut settings = file
        .as_deref()
        .map(source::from_file)
        .transpose()?
        .unwrap_or_default();
    settings.extend(source::from_environment(environment));
    settings.extend(source::from_set(&global.set)?);
    settings.extend(flags(global, domains));
    let known = Known::new();
    let refused: Vec<Fault> = settings
        .iter()
        .filter_map(|setting| known.refuse(setting))
        .collect();
    if !refused.is_empty() {
        return Err(Faults(refused));
    }
    let merged = Merged::of(settings)?;
    let loaded = merged.into_loaded(file)?;
    check::contradictions(&loaded)?;
    Ok(loaded)
}

fn flags(global: &Global, domains: &[String]) -> Vec<Setting> {
    let flag = |key: &str, value: Value, name| Setting {
        key: key.to_owned(),
        given: Given::Typed(value),
        origin: Origin::Flag(name),
    };
    let data = global.data.iter().map(|data| {
        flag(
            "data",
            Value::from(data.to_string_lossy().as_ref()),
            "--data",
        )
    });
    let domains =
        (!domains.is_empty()).then(|| flag("domains", Value::from(domains.to_vec()), "--domain"));
    data.chain(domains).collect()
}

/// Values by key, each of the right type.
struct Merged {
    values: BTreeMap<String, (Value, Origin)>,
}

impl Merged {
    /// Each value is checked, also one that a later source replaces: a file with a fault in it is never good.
    fn of(mut settings: Vec<Setting>) -> Result<Self, Faults> {
        reveal(&mut settings)?;
        let (mut values, mut faults) = (BTreeMap::new(), Vec::new());
        for setting in settings {
            match typed(&setting) {
                Ok(value) => drop(values.insert(setting.key, (value, setting.origin))),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(Self { values })
        } else {
            Err(Faults(faults))
        }
    }

    fn into_loaded(mut self, file: Option<PathBuf>) -> Result<Loaded, Faults> {
        let config = self.config()?;
        let records = Records::inside(&config.data).to_string();
        self.derive("store.records", records, "data");
        let backups = Destination::inside(&config.data).to_string();
        self.derive("backup.to", backups, "data");
        if !config.domains.is_empty() {
            self.derive("edge.http", "0.0.0.0:80".to_owned(), "domains");
            self.derive("edge.https", "0.0.0.0:443".to_owned(), "domains");
        }
        let config = self.config()?;
        let origins = self
            .values
            .into_iter()
            .map(|(key, (_, origin))| (key, origin))
            .collect();
        Ok(Loaded {
            config,
            file,
            origins,
        })
    }

    /// Gives a key that nobody set the value that follows from another one, if somebody set that.
    fn derive(&mut self, key: &str, value: String, from: &'static str) {
        if self.values.contains_key(from) {
            let derived = (Value::from(value), Origin::Follows(from));
            self.values.entry(key.to_owned()).or_insert(derived);
        }
    }

    fn config(&self) -> Result<Config, Faults> {
        let mut table = defaults();
        for (key, (value, _)) in &self.values {
            insert(&mut table, key, value.clone());
        }
        Config::deserialize(table).map_err(|error| Fault::new(error.message().to_owned()).into())
    }
}

/// Puts the content of the files that `…_file` keys name in the place of the secrets.
fn reveal(settings: &mut Vec<Setting>) -> Result<(), Fault> {
    for secret in SECRETS {
        let plain = settings
            .iter()
            .find(|setting| setting.key == *secret)
            .map(|setting| setting.origin.clone());
        if plain == Some(Origin::Set) {
            let what = format!(
                "everybody on this machine can see the command line: name a file in `{secret}_file` instead"
            );
            return Err(Fault::of(secret, &Origin::Set, what));
        }
        let file_key = format!("{secret}_file");
        let Some(named) = settings
            .iter()
            .rfind(|setting| setting.key == file_key)
            .cloned()
        else {
            continue;
        };
        if let Some(plain) = plain {
            let what = format!("`{secret}` is set as well ({plain}): keep one of the two");
            return Err(Fault::of(&file_key, &named.origin, what));
        }
        settings.retain(|setting| setting.key != file_key);
        settings.push(read_secret(secret, named)?);
    }
    Ok(())
}

fn read_secret(secret: &str, named: Setting) -> Result<Setting, Fault> {
    let path = match &named.given {
        Given::Text(path) | Given::Typed(Value::String(path)) => PathBuf::from(path),
        Given::Typed(_) => {
            return Err(Fault::of(
                &named.key,
                &named.origin,
                "write the path of a file",
            ));
        }
    };
    let unreadable = |error| Fault::of(&named.key, &named.origin, Fault::unreadable(&path, &error));
    let content = fs::read_to_string(&path).map_err(unreadable)?;
    let given = if is_read_again(secret) {
        let path = path.display().to_string();
        Value::from(Table::from_iter([("file".to_owned(), Value::from(path))]))
    } else {
        Value::from(without_end_of_line(&content))
    };
    Ok(Setting {
        key: secret.to_owned(),
        given: Given::Typed(given),
        origin: Origin::Secret(path, Box::new(named.origin)),
    })
}

/// The first meaning of the value that the key's type allows.
fn typed(setting: &Setting) -> Result<Value, Fault> {
    let mut complaints = Vec::new();
    for value in setting.given.meanings() {
        let mut table = defaults();
        insert(&mut table, &setting.key, value.clone());
        match Config::deserialize(table) {
            Ok(_) => return Ok(value),
            Err(error) => complaints.push(in_words(error.message().trim()).replace('\n', ", ")),
        }
    }
    // What a type of ours says tells more than what the parser says of its kind.
    let best = complaints
        .iter()
        .find(|text| !text.starts_with("invalid type"))
        .or(complaints.first());
    Err(Fault::of(
        &setting.key,
        &setting.origin,
        best.map_or("no value", String::as_str),
    ))
}

/// What the parser says of a number, without the name of a type.
fn in_words(complaint: &str) -> String {
    let Some((before, kind)) = complaint.rsplit_once(" expected ") else {
        return complaint.to_owned();
    };
    let most = match kind {
        "u8" => u64::from(u8::MAX),
        "u16" => u64::from(u16::MAX),
        "u32" => u64::from(u32::MAX),
        // TOML has no larger ones.
        "u64" | "usize" => i64::MAX.unsigned_abs(),
        _ => return complaint.to_owned(),
    };
    format!("{before} expected a whole number from 0 to {most}")
}

/// Every key that has a default, so that one key of a section can be set without the others.
fn defaults() -> Table {
    let mut table = Table::new();
    for (key, value) in Known::new().keys() {
        if let Some(value) = toml_value(value) {
            insert(&mut table, key, value);
        }
    }
    table
}

/// Sets a key, dots and all, in the table that its sections name.
pub(crate) fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(table.insert(key.to_owned(), value)),
        Some((section, rest)) => {
            let inner = table
                .entry(section)
                .or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}
