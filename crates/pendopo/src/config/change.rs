//! What differs between two configurations, key by key, and what of it needs no restart.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::Config;
use super::loaded::toml_text;

/// Keys and sections that a reload puts in force; of every other key, a change needs a restart.
pub(super) const LIVE: &[&str] = &[
    "domains",
    "edge.acme",
    "edge.compress",
    "edge.connections",
    "edge.explain_to",
    "edge.hsts",
    "edge.limit",
    "edge.limits",
    "edge.log",
    "edge.name_server",
    "edge.proxy_protocol",
    "edge.request",
    "edge.site",
    "edge.timeout",
    "edge.tls",
    "edge.trusted_header",
    "edge.trusted_proxies",
    "edge.upstream",
];

/// By which of their keys the tables of a list are told apart.
const NAMES: &[&[&str]] = &[&["name"], &["host", "path"], &["certificate"], &["url"]];

/// One key that differs, or a table of a list that was not there, or is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) key: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Added,
    Removed,
    Became { before: String, after: String },
}

impl Change {
    /// Whether a reload puts it in force.
    pub(crate) fn is_live(&self) -> bool {
        !self.is_of_first_names()
            && LIVE.iter().any(|live| {
                let rest = self.key.strip_prefix(live);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
            })
    }

    /// From no names to some, or back: listeners move, and plain HTTP is for others than before.
    fn is_of_first_names(&self) -> bool {
        let What::Became { before, after } = &self.what else {
            return false;
        };
        self.key == "domains" && [before, after].map(String::as_str).contains(&"[]")
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Added => write!(f, "{} is new", self.key),
            What::Removed => write!(f, "{} is gone", self.key),
            What::Became { before, after } => {
                let [before, after] =
                    [before, after].map(|value| if value.is_empty() { "not set" } else { value });
                write!(f, "{}: {before} -> {after}", self.key)
            }
        }
    }
}

/// Every change, by key. Secrets are masked in both, so that one secret in the place of another is no change here.
pub(crate) fn changes(before: &Config, after: &Config) -> Vec<Change> {
    let [before, after] = [before, after].map(Flat::of);
    let tables = |whose: &Flat, other: &Flat, what: &What| {
        let missing = whose.tables.difference(&other.tables);
        let change = |key: &String| Change {
            key: key.clone(),
            what: what.clone(),
        };
        missing.map(change).collect::<Vec<_>>()
    };
    let mut changes = tables(&after, &before, &What::Added);
    changes.extend(tables(&before, &after, &What::Removed));
    let keys: BTreeSet<_> = before.keys.keys().chain(after.keys.keys()).collect();
    for key in keys {
        let is_told = changes.iter().any(|change| {
            let rest = key.strip_prefix(&change.key);
            rest.is_some_and(|rest| rest.starts_with('.'))
        });
        let value = |flat: &Flat| flat.keys.get(key).cloned().unwrap_or_default();
        let (before, after) = (value(&before), value(&after));
        if before != after && !is_told {
            changes.push(Change {
                key: key.clone(),
                what: What::Became { before, after },
            });
        }
    }
    changes.sort_by(|one, other| one.key.cmp(&other.key));
    changes
}

/// A configuration as keys with their values as TOML.
#[derive(Default)]
struct Flat {
    keys: BTreeMap<String, String>,
    /// The tables of lists, such as `edge.upstream[app]`.
    tables: BTreeSet<String>,
}

impl Flat {
    fn of(config: &Config) -> Self {
        let mut flat = Self::default();
        let value = serde_json::to_value(config).expect("settings are plain data");
        flat.add("", &value);
        flat
    }

    fn add(&mut self, key: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                let dot = if key.is_empty() { "" } else { "." };
                for (name, value) in fields {
                    self.add(&format!("{key}{dot}{name}"), value);
                }
            }
            Value::Array(items) if is_tables(items) => {
                for (index, item) in items.iter().enumerate() {
                    let key = format!("{key}[{}]", name(item).unwrap_or(index.to_string()));
                    self.add(&key, item);
                    self.tables.insert(key);
                }
            }
            value => {
                self.keys.insert(key.to_owned(), toml_text(value));
            }
        }
    }
}

fn is_tables(items: &[Value]) -> bool {
    !items.is_empty() && items.iter().all(Value::is_object)
}

/// What sets a table of a list apart from the others.
fn name(table: &Value) -> Option<String> {
    NAMES.iter().find_map(|keys| {
        let parts = keys.iter().map(|key| table.get(key)?.as_str());
        parts
            .collect::<Option<Vec<_>>>()
            .map(|parts| parts.concat())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    fn told(before: &str, after: &str) -> Vec<(String, bool)> {
        let changes = changes(&config(before), &config(after));
        let tell = |change: &Change| (change.to_string(), change.is_live());
        changes.iter().map(tell).collect()
    }

    #[test]
    fn changes_are_told_by_key_and_those_that_need_a_restart_are_known() {
        let before = r#"
            data = "a"
            [[edge.upstream]]
            name = "app"
            targets = ["http://10.0.0.1:80"]
            [[edge.upstream]]
            name = "old"
            targets = ["http://10.0.0.2:80"]
            [[edge.site]]
            upstream = "app"
        "#;
        let after = r#"
            data = "b"
            [[edge.upstream]]
            name = "new"
            targets = ["http://10.0.0.2:80"]
            [[edge.upstream]]
            name = "app"
            targets = ["http://10.0.0.3:80"]
            check = {}
            [[edge.site]]
            upstream = "app"
            [[edge.site]]
            host = "b.example"
            upstream = "new"
            [edge.limit]
            burst = 5
        "#;
        let told = told(before, after);
        for line in [
            ("data: \"a\" -> \"b\"", false),
            ("edge.limit.burst: 40 -> 5", true),
            ("edge.site[b.example/] is new", true),
            ("edge.upstream[app].check.fall: not set -> 3", true),
            (
                "edge.upstream[app].targets: [\"http://10.0.0.1:80\"] -> [\"http://10.0.0.3:80\"]",
                true,
            ),
            ("edge.upstream[new] is new", true),
            ("edge.upstream[old] is gone", true),
        ] {
            assert!(
                told.contains(&(line.0.to_owned(), line.1)),
                "{line:?}: {told:#?}"
            );
        }
        assert!(
            !told.iter().any(|(text, _)| text.contains("[new].")),
            "{told:#?}"
        );
    }

    #[test]
    fn names_may_change_but_for_the_first_and_the_last_of_them() {
        let (none, one) = ("", "domains = ['a.example']");
        let two = "domains = ['a.example', 'b.example']";
        for (before, after, is_live) in [(one, two, true), (none, one, false), (two, none, false)] {
            let told = told(before, after);
            assert_eq!(told.len(), 1, "{told:?}");
            assert_eq!(told[0].1, is_live, "{told:?}");
        }
    }

    #[test]
    fn what_a_reload_puts_in_force_is_there() {
        let known = crate::config::known::Known::new();
        for live in LIVE {
            let change = |key: &String| Change {
                key: key.clone(),
                what: What::Added,
            };
            let mut keys = known.keys().iter().map(|(key, _)| change(key));
            assert!(
                keys.any(|change| change.is_live() && change.key.starts_with(live)),
                "{live}"
            );
        }
    }

    #[test]
    fn the_same_is_no_change_and_a_secret_is_never_told() {
        assert!(told("data = 'a'", "data = 'a'").is_empty());
        let told = told("", "[admin]\npassword = 'correct horse'");
        assert_eq!(told.len(), 1);
        assert!(!told[0].0.contains("horse") && !told[0].1, "{told:?}");
    }
}
