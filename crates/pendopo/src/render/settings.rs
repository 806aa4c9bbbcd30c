//! The settings of a role as the file that Pendopo reads, for orchestrators that hand out files.

use toml::{Table, Value};

use super::model::{Configuration, Service, Setting, settled};
use crate::config::insert;

/// The file's text; none for a foreign program.
pub(super) fn file(service: &Service, more: &[Setting]) -> Option<String> {
    let Configuration::Settings(role, settings) = &service.configuration else {
        return None;
    };
    let mut table = Table::new();
    for (key, value) in settings.iter().chain(more) {
        if let Some(value) = given(key, value) {
            insert(&mut table, key, value);
        }
    }
    let text = toml::to_string(&table).expect("settings of ours are TOML");
    Some(format!(
        "# The settings of the role `{}`; `pendopo check --config FILE` looks through a changed one.\n{text}",
        role.as_str()
    ))
}

/// The value as the file has it; none where it says nothing.
fn given(key: &str, value: &Value) -> Option<Value> {
    match settled_value(value) {
        Value::String(text) if key == "domains" => {
            let names: Vec<Value> = text
                .split(',')
                .filter(|name| !name.is_empty())
                .map(Value::from)
                .collect();
            (!names.is_empty()).then(|| Value::from(names))
        }
        value => Some(value),
    }
}

fn settled_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(settled(text)),
        Value::Array(list) => Value::Array(list.iter().map(settled_value).collect()),
        Value::Table(table) => {
            let entries = table.iter();
            let entries = entries.map(|(key, value)| (key.clone(), settled_value(value)));
            Value::Table(entries.collect())
        }
        other => other.clone(),
    }
}
