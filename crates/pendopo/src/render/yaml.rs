//! YAML as manifests need it: nested values in the order in which they were put, written so that nothing is misread.

use std::fmt::{self, Write};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yaml {
    Text(String),
    Number(i64),
    Flag(bool),
    List(Vec<Self>),
    Map(Map),
}

/// Keys with their values, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Map(Vec<(String, Yaml)>);

impl Map {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// This with one more key.
    pub(crate) fn put(mut self, key: impl Into<String>, value: impl Into<Yaml>) -> Self {
        self.0.push((key.into(), value.into()));
        self
    }

    /// This with one more key, unless there is nothing in its value.
    pub(crate) fn put_some(self, key: impl Into<String>, value: impl Into<Yaml>) -> Self {
        match value.into() {
            value if value.is_empty() => self,
            value => self.put(key, value),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Yaml> {
        self.iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Yaml)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl<K: Into<String>, V: Into<Yaml>> FromIterator<(K, V)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        pairs
            .into_iter()
            .fold(Self::new(), |map, (key, value)| map.put(key, value))
    }
}

impl Yaml {
    fn is_empty(&self) -> bool {
        match self {
            Self::List(list) => list.is_empty(),
            Self::Map(map) => map.0.is_empty(),
            Self::Text(text) => text.is_empty(),
            Self::Number(_) | Self::Flag(_) => false,
        }
    }
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Yaml {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u32> for Yaml {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<Map> for Yaml {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Yaml {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>, const N: usize> From<[T; N]> for Yaml {
    fn from(list: [T; N]) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

/// The document's text, with a line feed at the end.
impl fmt::Display for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_map(&mut text, self, 0);
        f.write_str(&text)
    }
}

fn write_map(out: &mut String, map: &Map, depth: usize) {
    for (index, (key, value)) in map.0.iter().enumerate() {
        if index > 0 {
            indent(out, depth);
        }
        let _ = write!(out, "{}:", scalar(key));
        write_value(out, value, depth);
    }
}

fn write_value(out: &mut String, value: &Yaml, depth: usize) {
    match value {
        Yaml::Map(map) if !map.0.is_empty() => {
            out.push('\n');
            indent(out, depth + 1);
            write_map(out, map, depth + 1);
        }
        Yaml::List(list) if !list.is_empty() => write_list(out, list, depth + 1),
        Yaml::Text(text) if text.ends_with('\n') => write_block(out, text, depth + 1),
        other => {
            let _ = writeln!(out, " {}", inline(other));
        }
    }
}

fn write_list(out: &mut String, list: &[Yaml], depth: usize) {
    out.push('\n');
    for value in list {
        indent(out, depth);
        out.push('-');
        match value {
            Yaml::Map(map) if !map.0.is_empty() => {
                out.push(' ');
                write_map(out, map, depth + 1);
            }
            other => write_value(out, other, depth),
        }
    }
}

/// A text of several lines, as it is.
fn write_block(out: &mut String, text: &str, depth: usize) {
    out.push_str(" |\n");
    for line in text.lines() {
        if !line.is_empty() {
            indent(out, depth);
        }
        out.push_str(line);
        out.push('\n');
    }
}

fn indent(out: &mut String, depth: usize) {
    out.push_str(&"  ".repeat(depth));
}

fn inline(value: &Yaml) -> String {
    match value {
        Yaml::Text(text) => scalar(text),
        Yaml::Number(number) => number.to_string(),
        Yaml::Flag(flag) => flag.to_string(),
        Yaml::List(_) => "[]".to_owned(),
        Yaml::Map(_) => "{}".to_owned(),
    }
}

/// Bare only where no reader of any version takes it for something else; JSON's quotes are YAML's as well.
fn scalar(text: &str) -> String {
    const MISREAD: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "null", "n"];
    let is_word = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text
            .chars()
            .all(|sign| sign.is_ascii_alphanumeric() || "-_./".contains(sign));
    if is_word && !MISREAD.contains(&text.to_ascii_lowercase().as_str()) && text != "y" {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_misread_is_quoted() {
        for (text, written) in [
            ("web", "web"),
            ("/data", "/data"),
            ("no", "\"no\""),
            ("3.9", "\"3.9\""),
            ("0440", "\"0440\""),
            ("a: b", "\"a: b\""),
            ("", "\"\""),
            ("${PORT:-80}:80", "\"${PORT:-80}:80\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    #[test]
    fn nested_values_stand_in_their_order() {
        let document = Map::new()
            .put(
                "services",
                Map::new().put("web", Map::new().put("read_only", true)),
            )
            .put("list", vec![Map::new().put("b", "x").put("a", 1_u32)])
            .put("words", ["CMD", "true"])
            .put("empty", Map::new())
            .put("text", "a = 1\n\n[b]\n")
            .put_some("nothing", Vec::<String>::new());
        assert_eq!(
            document.to_string(),
            "services:\n  web:\n    read_only: true\nlist:\n  - b: x\n    a: 1\nwords:\n  - CMD\n  - \"true\"\nempty: {}\n\
             text: |\n  a = 1\n\n  [b]\n"
        );
    }
}
