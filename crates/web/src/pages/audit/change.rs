//! What an entry of the trail changed: the fields whose values differ before and after.

use school::audit::Entry;
use serde_json::{Map, Value};

use crate::language::Language;

/// The most characters of a value that are shown.
const MOST_CHARACTERS: usize = 80;
/// Fields that say nothing that the entry does not say beside them.
const SILENT: [&str; 4] = ["id", "created_at", "updated_at", "version"];

/// One field's change.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) field: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

/// The changed fields, by name. Of an object that came or went, what it is not is not told.
pub(super) fn changes(entry: &Entry, language: Language) -> Vec<Change> {
    let is_edited = entry.before.is_some() && entry.after.is_some();
    let (before, after) = (
        object(entry.before.as_deref()),
        object(entry.after.as_deref()),
    );
    let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
    fields.sort_unstable();
    fields.dedup();
    let told = fields
        .into_iter()
        .filter(|field| !SILENT.contains(&field.as_str()));
    let value = |object: &Map<String, Value>, field: &str| {
        let value = object
            .get(field)
            .filter(|value| is_edited || **value != Value::Bool(false));
        value.and_then(|value| shown(field, value, language))
    };
    told.filter(|field| before.get(*field) != after.get(*field))
        .map(|field| Change {
            before: value(&before, field),
            after: value(&after, field),
            field: language
                .find_word(&format!("field-{field}"))
                .unwrap_or(field)
                .to_owned(),
        })
        .filter(|change| change.before.is_some() || change.after.is_some())
        .collect()
}

fn object(json: Option<&str>) -> Map<String, Value> {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

/// A value in words, such as `role-staff`'s; nothing for one that is absent.
fn shown(field: &str, value: &Value, language: Language) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Bool(true) => Some(language.word("yes").to_owned()),
        Value::Bool(false) => Some(language.word("no").to_owned()),
        Value::String(text) => {
            let word = language.find_word(&format!("{field}-{text}"));
            Some(word.map_or_else(|| cut(text), str::to_owned))
        }
        other => Some(cut(&other.to_string())),
    }
}

fn cut(text: &str) -> String {
    let mut characters = text.chars();
    let mut cut: String = characters.by_ref().take(MOST_CHARACTERS).collect();
    if characters.next().is_some() {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        before: Option<&str>,
        after: Option<&str>,
        expected: &[(&str, Option<&str>, Option<&str>)],
    ) {
        let entry = Entry {
            seq: 1,
            at: school::Timestamp(0),
            actor: "console".to_owned(),
            address: None,
            request_id: None,
            action: "person.update".to_owned(),
            object_id: None,
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            hash: [0; 32],
        };
        let found = changes(&entry, Language::En);
        let found: Vec<_> = found
            .iter()
            .map(|change| {
                (
                    change.field.as_str(),
                    change.before.as_deref(),
                    change.after.as_deref(),
                )
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_differs_is_shown() {
        check(
            Some(r#"{"role":"member","first_name":"Ani","version":1}"#),
            Some(r#"{"role":"staff","first_name":"Ani","version":2}"#),
            &[("Role", Some("Member"), Some("Staff"))],
        );
        check(
            None,
            Some(r#"{"is_disabled":false,"n":7}"#),
            &[("n", None, Some("7"))],
        );
        check(
            Some(r#"{"is_disabled":false}"#),
            Some(r#"{"is_disabled":true}"#),
            &[("Disabled", Some("no"), Some("yes"))],
        );
        check(
            Some(r#"{"email":"a@b.co"}"#),
            Some(r#"{"email":null}"#),
            &[("E-mail", Some("a@b.co"), None)],
        );
        check(None, None, &[]);
        check(Some("no JSON"), Some("[]"), &[]);
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(81)), format!("{}…", "é".repeat(80)));
        assert_eq!(cut(&"é".repeat(80)), "é".repeat(80));
    }
}
