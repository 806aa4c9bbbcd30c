//! One value that somebody gave a key, and where they gave it.

use std::fmt;
use std::path::PathBuf;

use toml::Value;

/// Where a value comes from. Later kinds win over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody set it.
    Default,
    /// Nobody set it, but another key, from which it follows.
    Follows(&'static str),
    /// A line of the configuration file.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
    /// `--set`.
    Set,
    /// An option of its own, such as `--data`.
    Flag(&'static str),
    /// A file that a `…_file` key names; the key's own origin beside it.
    Secret(PathBuf, Box<Self>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Follows(key) => write!(f, "follows from `{key}`"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Set => f.write_str("--set"),
            Self::Flag(name) => f.write_str(name),
            Self::Secret(path, named) => write!(f, "the file {}, named by {named}", path.display()),
        }
    }
}

/// A key with the value that somebody gave it.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    /// The key, its parts joined by dots.
    pub(crate) key: String,
    /// What was written.
    pub(crate) given: Given,
    /// Where.
    pub(crate) origin: Origin,
}

/// A value with its type, or a text whose type depends on the key.
#[derive(Debug, Clone)]
pub(crate) enum Given {
    /// From TOML.
    Typed(Value),
    /// From the environment or the command line.
    Text(String),
}

impl Given {
    /// What it may mean, the most likely meaning first. A text is a TOML value, a bare word, or a list with commas.
    pub(crate) fn meanings(&self) -> Vec<Value> {
        match self {
            Self::Typed(value) => vec![value.clone()],
            Self::Text(text) => {
                let word = Value::String(text.clone());
                let list = text
                    .split(',')
                    .map(|part| Value::String(part.trim().to_owned()));
                let list = Value::Array(list.filter(|part| part.as_str() != Some("")).collect());
                typed(text).into_iter().chain([word, list]).collect()
            }
        }
    }
}

fn typed(text: &str) -> Option<Value> {
    let table: toml::Table = format!("value = {text}").parse().ok()?;
    if table.len() > 1 {
        return None;
    }
    table.into_iter().next().map(|(_, value)| value)
}
