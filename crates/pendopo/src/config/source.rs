//! The places where settings are written: the file, the environment, `--set`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use toml::Value;
use toml::de::DeTable;

use super::fault::Fault;
use super::setting::{Given, Origin, Setting};

/// What every variable of ours begins with.
const PREFIX: &str = "PENDOPO_";
/// The variable that names the file, as `--config` does.
const FILE_VARIABLE: &str = "PENDOPO_CONFIG";
/// The file that is read, if it is there, when none is named.
const FILE: &str = "pendopo.toml";

/// The environment, as the process was given it. The only place that reads it.
pub(crate) fn environment() -> Vec<(String, String)> {
    let ours = |(name, value): (OsString, OsString)| {
        Some((
            name.into_string()
                .ok()
                .filter(|name| name.starts_with(PREFIX))?,
            value.into_string().ok()?,
        ))
    };
    std::env::vars_os().filter_map(ours).collect()
}

/// The file to read: the one that `--config` or `PENDOPO_CONFIG` names, else `pendopo.toml` where it is.
pub(crate) fn file(named: Option<&Path>, environment: &[(String, String)]) -> Option<PathBuf> {
    let variable = environment.iter().find(|(name, _)| name == FILE_VARIABLE);
    let named = named
        .map(Path::to_owned)
        .or(variable.map(|(_, path)| PathBuf::from(path)));
    named.or_else(|| Some(PathBuf::from(FILE)).filter(|path| path.exists()))
}

/// The settings of a file.
pub(crate) fn from_file(path: &Path) -> Result<Vec<Setting>, Fault> {
    let text = fs::read_to_string(path).map_err(|error| Fault::unreadable(path, &error))?;
    let syntax = |error: toml::de::Error| {
        let line = error.span().map_or(1, |span| line_of(&text, span.start));
        Fault::new(format!(
            "{}:{line}: {}",
            path.display(),
            error.message().replace('\n', ", ")
        ))
    };
    let table: toml::Table = text.parse().map_err(syntax)?;
    let places = DeTable::parse(&text).map_err(syntax)?;
    let mut settings = Vec::new();
    let mut reader = Reader {
        path,
        text: &text,
        settings: &mut settings,
    };
    reader.read("", table, places.get_ref());
    Ok(settings)
}

/// Walks over the values and their places side by side.
struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    settings: &'a mut Vec<Setting>,
}

impl Reader<'_> {
    fn read(&mut self, section: &str, table: toml::Table, places: &DeTable<'_>) {
        for (name, value) in table {
            let key = if section.is_empty() {
                name.clone()
            } else {
                format!("{section}.{name}")
            };
            let place = places.get_key_value(name.as_str());
            let inside = place.and_then(|(_, inside)| inside.get_ref().as_table());
            match (value, inside) {
                (Value::Table(table), Some(inside)) if !table.is_empty() => {
                    self.read(&key, table, inside);
                }
                (value, _) => {
                    let line = place.map_or(1, |(name, _)| line_of(self.text, name.span().start));
                    let origin = Origin::File(self.path.to_owned(), line);
                    self.settings.push(Setting {
                        key,
                        given: Given::Typed(value),
                        origin,
                    });
                }
            }
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

/// The settings of the environment: `PENDOPO_EDGE__HTTP` is `edge.http`.
pub(crate) fn from_environment(environment: &[(String, String)]) -> Vec<Setting> {
    let ours = environment
        .iter()
        .filter(|(name, _)| name != FILE_VARIABLE && !is_foreign(name));
    let setting = |(name, value): &(String, String)| Setting {
        key: name[PREFIX.len()..].to_ascii_lowercase().replace("__", "."),
        given: Given::Text(value.clone()),
        origin: Origin::Environment(name.clone()),
    };
    ours.map(setting).collect()
}

/// Variables that Kubernetes makes for a service of the name `pendopo`; none of them can be a setting.
fn is_foreign(name: &str) -> bool {
    let rest = &name[PREFIX.len()..];
    ["PORT", "SERVICE_HOST", "SERVICE_PORT"].contains(&rest)
        || rest.starts_with("PORT_")
        || rest.starts_with("SERVICE_PORT_")
}

/// The settings of `--set KEY=VALUE`.
pub(crate) fn from_set(pairs: &[String]) -> Result<Vec<Setting>, Fault> {
    let setting = |pair: &String| {
        let (key, value) = pair.split_once('=').ok_or_else(|| {
            Fault::new(format!(
                "`--set {pair}` has no value: write it as `--set edge.http=127.0.0.1:8080`"
            ))
        })?;
        let given = Given::Text(value.trim().to_owned());
        Ok(Setting {
            key: key.trim().to_owned(),
            given,
            origin: Origin::Set,
        })
    };
    pairs.iter().map(setting).collect()
}
