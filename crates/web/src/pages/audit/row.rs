//! One entry of the trail in the reader's words.

use school::Timestamp;
use school::audit::Entry;

use super::change::{Change, changes};
use crate::language::Language;

/// One row of the table.
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) at: Timestamp,
    pub(super) actor: String,
    /// The person who acted, to link to.
    pub(super) person: Option<i64>,
    pub(super) address: Option<String>,
    pub(super) action: String,
    pub(super) changes: Vec<Change>,
}

impl Row {
    pub(super) fn new(entry: &Entry, language: Language) -> Self {
        let person = entry
            .actor
            .strip_prefix("person:")
            .and_then(|id| id.parse().ok());
        Self {
            seq: entry.seq,
            at: entry.at,
            actor: actor(&entry.actor, person, language),
            person,
            address: entry.address.clone(),
            action: action(entry, language),
            changes: changes(entry, language),
        }
    }
}

fn actor(name: &str, person: Option<i64>, language: Language) -> String {
    match person {
        Some(id) => language.sentence("actor-person", [("id", id.to_string().into())]),
        None => language
            .find_word(&format!("actor-{name}"))
            .unwrap_or(name)
            .to_owned(),
    }
}

fn action(entry: &Entry, language: Language) -> String {
    let id = entry.object_id.map(|id| id.to_string()).unwrap_or_default();
    let key = format!("action-{}", entry.action.replace('.', "-"));
    language
        .find_sentence(&key, [("id", id.into())])
        .unwrap_or_else(|| entry.action.clone())
}
