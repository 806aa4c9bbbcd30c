//! An operation as a `curl` command to try.

use serde_json::{Map, Value};

/// The command; `$SERVER` and `$TOKEN` stand for what only the reader knows.
pub(super) fn command(method: &str, path: &str, operation: &Value, document: &Value) -> String {
    let mut words = vec!["curl".to_owned()];
    if method != "get" {
        words.push(format!("-X {}", method.to_uppercase()));
    }
    if is_closed(operation) {
        words.push("-H \"Authorization: Bearer $TOKEN\"".to_owned());
    }
    let content = operation["requestBody"]["content"].as_object();
    if let Some((kind, content)) = content.into_iter().flatten().next() {
        let body = body(&content["schema"], document);
        words.push(format!("-H 'Content-Type: {kind}' -d '{body}'"));
    }
    words.push(format!("\"$SERVER{}\"", path.replace("{id}", "1")));
    words.join(" ")
}

/// Whether each way to call it needs a token or a session.
pub(super) fn is_closed(operation: &Value) -> bool {
    let mut ways = operation["security"].as_array().into_iter().flatten();
    ways.all(|way| way.as_object().is_some_and(|way| !way.is_empty()))
}

/// The members that must be there; where none must, the first that has an example.
fn body(schema: &Value, document: &Value) -> Value {
    let reference = schema["$ref"].as_str().unwrap_or_default();
    let schema = document
        .pointer(reference.trim_start_matches('#'))
        .unwrap_or(&Value::Null);
    let properties = || schema["properties"].as_object().into_iter().flatten();
    let mut wanted: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if wanted.is_empty() {
        let shown = properties().find(|(_, property)| property.get("example").is_some());
        wanted.extend(shown.map(|(name, _)| name.as_str()));
    }
    let members = properties().filter(|(name, _)| wanted.contains(&name.as_str()));
    members
        .map(|(name, property)| (name.clone(), value(property, document)))
        .collect::<Map<_, _>>()
        .into()
}

/// The example that the description gives, or the first of the words that there are.
fn value(property: &Value, document: &Value) -> Value {
    if let Some(example) = property.get("example") {
        return example.clone();
    }
    let reference = property["$ref"].as_str().unwrap_or_default();
    let named = document.pointer(reference.trim_start_matches('#'));
    named.map_or(Value::Null, |schema| schema["enum"][0].clone())
}
