//! The API's description in the form in which its page shows it.

use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::example;
use crate::prose::Prose;

/// Everything on the page.
pub(crate) struct Reference {
    pub(crate) groups: Vec<Group>,
    pub(crate) schemas: Vec<Schema>,
}

/// The operations on one kind of thing.
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) operations: Vec<Operation>,
}

/// One operation.
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    /// Whether it needs a token or a session.
    pub(crate) is_closed: bool,
    pub(crate) parameters: Vec<Field>,
    /// The schema of the body.
    pub(crate) body: Option<String>,
    /// What it answers when all goes well.
    pub(crate) answers: Vec<Answer>,
    /// The statuses with which it may fail.
    pub(crate) failures: String,
    /// A command to try.
    pub(crate) example: String,
}

/// One status that an operation may answer with.
pub(crate) struct Answer {
    pub(crate) status: String,
    pub(crate) description: String,
    pub(crate) schema: Option<String>,
}

/// One JSON object.
pub(crate) struct Schema {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) fields: Vec<Field>,
}

/// One parameter of an operation or member of an object.
pub(crate) struct Field {
    pub(crate) name: String,
    /// Its type and bounds, as written for people.
    pub(crate) kind: String,
    pub(crate) is_required: bool,
    pub(crate) description: String,
}

impl Group {
    /// The tag's name as a heading.
    pub(crate) fn heading(&self) -> String {
        let mut letters = self.name.chars();
        letters
            .next()
            .into_iter()
            .flat_map(char::to_uppercase)
            .chain(letters)
            .collect()
    }
}

impl Operation {
    pub(crate) fn prose(&self) -> Prose<'_> {
        Prose(&self.description)
    }
}

impl Answer {
    pub(crate) fn prose(&self) -> Prose<'_> {
        Prose(&self.description)
    }
}

impl Schema {
    pub(crate) fn prose(&self) -> Prose<'_> {
        Prose(&self.description)
    }
}

impl Field {
    pub(crate) fn prose(&self) -> Prose<'_> {
        Prose(&self.description)
    }
}

impl Reference {
    pub(crate) fn of(document: &OpenApi) -> Self {
        let document = serde_json::to_value(document).expect("the description has string keys");
        let group = |tag: &Value| Group {
            name: text(tag, "name"),
            description: text(tag, "description"),
            operations: operations(&document, &text(tag, "name")),
        };
        Self {
            groups: list(&document["tags"]).map(group).collect(),
            schemas: members(&document["components"]["schemas"])
                .map(schema)
                .collect(),
        }
    }
}

fn operations(document: &Value, tag: &str) -> Vec<Operation> {
    let methods = ["get", "post", "patch", "delete"];
    let paths = members(&document["paths"]);
    let all = paths.flat_map(|(path, item)| {
        let operation = move |method: &&'static str| Some((path, *method, item.get(*method)?));
        methods.iter().filter_map(operation)
    });
    all.filter(|(_, _, operation)| list(&operation["tags"]).any(|name| name == tag))
        .map(|(path, method, operation)| one_operation(path, method, operation, document))
        .collect()
}

fn one_operation(path: &str, method: &str, operation: &Value, document: &Value) -> Operation {
    let content = members(&operation["requestBody"]["content"]).next();
    let responses = || members(&operation["responses"]);
    let is_failure = |status: &str| status.starts_with(['4', '5']);
    let failures: Vec<&str> = responses()
        .map(|(status, _)| status)
        .filter(|status| is_failure(status))
        .collect();
    Operation {
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: text(operation, "summary"),
        description: text(operation, "description"),
        is_closed: example::is_closed(operation),
        parameters: list(&operation["parameters"]).map(parameter).collect(),
        body: content.and_then(|(_, content)| name(&content["schema"])),
        answers: responses()
            .filter(|(status, _)| !is_failure(status))
            .map(answer)
            .collect(),
        failures: failures.join(", "),
        example: example::command(method, path, operation, document),
    }
}

fn parameter(parameter: &Value) -> Field {
    Field {
        name: text(parameter, "name"),
        kind: format!(
            "{}, in the {}",
            kind(&parameter["schema"]),
            text(parameter, "in")
        ),
        is_required: parameter["required"] == true,
        description: text(parameter, "description"),
    }
}

fn answer((status, response): (&str, &Value)) -> Answer {
    let content = members(&response["content"]).next();
    Answer {
        status: status.to_owned(),
        description: text(response, "description"),
        schema: content.and_then(|(_, content)| name(&content["schema"])),
    }
}

fn schema((name, schema): (&str, &Value)) -> Schema {
    // A flattened structure is written as several parts.
    let parts: Vec<&Value> = match schema.get("allOf") {
        Some(parts) => list(parts).collect(),
        None => vec![schema],
    };
    let required = |name: &str| {
        parts
            .iter()
            .any(|part| list(&part["required"]).any(|one| one == name))
    };
    let fields = parts.iter().flat_map(|part| members(&part["properties"]));
    let fields = fields.map(|(name, property)| Field {
        name: name.to_owned(),
        kind: kind(property),
        is_required: required(name),
        description: text(property, "description"),
    });
    let words: Vec<String> = list(&schema["enum"])
        .filter_map(Value::as_str)
        .map(|word| format!("`{word}`"))
        .collect();
    let description = [text(schema, "description"), words.join(", ")];
    Schema {
        name: name.to_owned(),
        description: description.join(" "),
        fields: fields.collect(),
    }
}

/// A type in words: `string, 1 to 100 characters`.
fn kind(schema: &Value) -> String {
    if let Some(name) = name(schema) {
        return name;
    }
    let mut words = match &schema["type"] {
        Value::String(word) => vec![word.clone()],
        types => list(types)
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    };
    if schema["type"] == "array" {
        words = vec![format!("array of {}", kind(&schema["items"]))];
    }
    for part in ["oneOf", "anyOf"] {
        words.extend(list(&schema[part]).map(kind));
    }
    let mut text = words.join(" or ");
    for (key, word) in [
        ("format", ""),
        ("minimum", "from "),
        ("maximum", "to "),
        ("minLength", "length from "),
        ("maxLength", "length to "),
    ] {
        match &schema[key] {
            Value::String(value) => text = format!("{text}, {word}{value}"),
            Value::Number(value) => text = format!("{text}, {word}{value}"),
            _ => {}
        }
    }
    text
}

/// The name of the schema that is referred to.
fn name(schema: &Value) -> Option<String> {
    let reference = schema["$ref"].as_str()?;
    reference.rsplit('/').next().map(str::to_owned)
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}
