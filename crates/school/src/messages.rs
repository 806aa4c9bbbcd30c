//! The message board: anybody may read, and post unless the school closed it.

mod operations;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::audit::Change;
use crate::field::{FieldErrors, text};
use crate::page::{Limit, Page};
use crate::people::PersonId;
use crate::repeat::{Inserted, Repeat};
use crate::store_error::StoreError;
use crate::time::Timestamp;

pub use operations::{MessageError, list, post, remove};

/// The longest message, in characters.
pub const MOST_TEXT: usize = 1000;
/// The longest name, in characters.
pub const MOST_NAME: usize = 50;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its number; later ones are higher.
    pub id: i64,
    /// What it says: 1 to 1,000 characters.
    pub message: String,
    /// The name its author gave, which nobody checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The person who was signed in, if somebody was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person_id: Option<PersonId>,
    /// When it was posted.
    pub created_at: Timestamp,
}

/// A message as JSON or a form gives it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageInput {
    /// What it says.
    pub message: String,
    /// The author's name.
    pub name: Option<String>,
}

/// A checked message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    message: String,
    name: Option<String>,
}

impl MessageInput {
    /// Checks both fields. A message may have several lines; other control characters are refused.
    pub fn check(&self) -> Result<NewMessage, FieldErrors> {
        let mut errors = FieldErrors::default();
        let lines: String = self.message.replace("\r\n", "\n");
        let checked = errors.take(text(
            "message",
            &lines.replace(['\n', '\t'], " "),
            MOST_TEXT,
        ));
        let name = self.name.as_deref().filter(|name| !name.trim().is_empty());
        let name = errors.take(name.map(|name| text("name", name, MOST_NAME)).transpose());
        match (checked, name) {
            (Some(_), Some(name)) => Ok(NewMessage {
                message: lines.trim().to_owned(),
                name,
            }),
            _ => Err(errors),
        }
    }
}

/// Who may post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Posting {
    /// Anybody.
    #[default]
    Open,
    /// Those who have signed in.
    SignedIn,
}

/// Port: messages. Each write carries its audit entry.
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Adds a message (its `id` is ignored).
    async fn insert(
        &self,
        message: &Message,
        change: Change,
        repeat: Option<Repeat>,
    ) -> Result<Inserted, StoreError>;

    /// Newest first, those with an id below `before` if it is given.
    async fn list(&self, before: Option<i64>, limit: Limit) -> Result<Page<Message>, StoreError>;

    /// Removes a message.
    async fn delete(&self, id: i64, change: Change) -> Result<(), StoreError>;
}

/// A part of the list of messages: those below the first number, down to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part(i64, i64);

/// The parts of the list of messages below this number, oldest first: lists begin with the newest, and whoever wants the
/// oldest first goes over them twice.
pub async fn parts(store: &dyn MessageStore, below: i64) -> Result<Vec<Part>, StoreError> {
    let (mut parts, mut before) = (Vec::new(), below);
    loop {
        let page = store.list(Some(before), Limit::most()).await?;
        let Some(last) = page.rows.last() else {
            parts.reverse();
            return Ok(parts);
        };
        parts.push(Part(before, last.id));
        before = last.id;
    }
}

/// What is left of a part, oldest first.
pub async fn part(store: &dyn MessageStore, part: Part) -> Result<Vec<Message>, StoreError> {
    let page = store.list(Some(part.0), Limit::most()).await?;
    let mut rows = page.rows;
    rows.retain(|message| message.id >= part.1);
    rows.reverse();
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(message: &str, name: Option<&str>) -> Result<NewMessage, Vec<&'static str>> {
        let input = MessageInput {
            message: message.to_owned(),
            name: name.map(str::to_owned),
        };
        input
            .check()
            .map_err(|errors| errors.0.iter().map(|error| error.code).collect())
    }

    #[test]
    fn lines_are_kept_and_other_control_characters_refused() {
        assert_eq!(check(" satu\r\ndua ", None).unwrap().message, "satu\ndua");
        assert_eq!(check("a\u{0}b", None), Err(vec!["control_character"]));
        assert_eq!(
            check(" \n ", Some(&"n".repeat(51))),
            Err(vec!["required", "too_long"])
        );
        assert_eq!(check(&"x".repeat(1001), None), Err(vec!["too_long"]));
        assert_eq!(check("x", Some("  ")).unwrap().name, None);
    }
}
