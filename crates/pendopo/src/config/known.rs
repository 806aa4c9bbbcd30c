//! Which keys there are, which one was meant, and which ones a later version will serve.

use serde_json::Value;

use super::fault::Fault;
use super::setting::{Given, Setting};
use super::{Config, SECRETS};

/// A key or section whose name is fixed, but which nothing in this version would heed; and what to do instead.
const UNSERVED: &[(&str, &str)] = &[("monitor", "this version has no monitor: leave it out")];

/// Keys that are less alike than this are not confused.
const ALIKE: f64 = 0.8;

/// Every key, with its default.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    keys: Vec<(String, Value)>,
}

impl Known {
    /// The keys of [`Config`] with their defaults, section by section.
    pub(crate) fn new() -> Self {
        Self::of(&Config::default())
    }

    /// The keys with the values of a configuration.
    pub(crate) fn of(config: &Config) -> Self {
        let defaults = serde_json::to_value(config).expect("settings are plain data");
        let mut keys = Vec::new();
        flatten("", &defaults, &mut keys);
        Self { keys }
    }

    /// The keys, with their defaults.
    pub(crate) fn keys(&self) -> &[(String, Value)] {
        &self.keys
    }

    /// Says why a setting can't be heeded, if it can't.
    pub(crate) fn refuse(&self, setting: &Setting) -> Option<Fault> {
        let key = setting.key.as_str();
        if self.holds(key) || is_empty_section(setting) {
            return None;
        }
        Some(Fault::of(key, &setting.origin, self.why_not(key)))
    }

    fn holds(&self, key: &str) -> bool {
        let named = SECRETS
            .iter()
            .any(|secret| key.strip_suffix("_file") == Some(secret));
        named || self.keys.iter().any(|(known, _)| known == key)
    }

    fn why_not(&self, key: &str) -> String {
        if let Some(why) = unserved(key) {
            return why.to_owned();
        }
        let section = format!("{key}.");
        if let Some((first, _)) = self
            .keys
            .iter()
            .find(|(known, _)| known.starts_with(&section))
        {
            return format!("is a section, not a key: set what is in it, such as `{first}`");
        }
        match self.nearest(key) {
            Some(near) => format!("there is no such key: did you mean `{near}`?"),
            None => "there is no such key: `pendopo check` lists all of them".to_owned(),
        }
    }

    fn nearest(&self, key: &str) -> Option<&str> {
        let scored = self
            .keys
            .iter()
            .map(|(known, _)| (likeness(known, key), known.as_str()));
        let best = scored.max_by(|one, other| one.0.total_cmp(&other.0));
        best.filter(|(likeness, _)| *likeness >= ALIKE)
            .map(|(_, known)| known)
    }
}

/// How much two keys are alike, as a whole or in their last parts: the section may have been forgotten.
fn likeness(known: &str, key: &str) -> f64 {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let whole = strsim::jaro_winkler(known, key);
    let in_last = strsim::jaro_winkler(&last(known), &last(key)) - 0.1;
    // Of keys with the same last part, the one that is more alike as a whole was meant.
    whole.max(in_last) + whole / 100.0
}

fn unserved(key: &str) -> Option<&'static str> {
    let is_inside = |section: &str| {
        key == section
            || key
                .strip_prefix(section)
                .is_some_and(|rest| rest.starts_with('.'))
    };
    UNSERVED
        .iter()
        .find(|(section, _)| is_inside(section))
        .map(|(_, why)| *why)
}

/// `[edge]` with nothing below it says nothing, so it may stand.
fn is_empty_section(setting: &Setting) -> bool {
    matches!(&setting.given, Given::Typed(toml::Value::Table(table)) if table.is_empty())
        && unserved(&setting.key).is_none()
}

fn flatten(section: &str, value: &Value, keys: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let key = if section.is_empty() {
                    name.clone()
                } else {
                    format!("{section}.{name}")
                };
                flatten(&key, value, keys);
            }
        }
        value => keys.push((section.to_owned(), value.clone())),
    }
}
