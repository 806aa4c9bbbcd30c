//! Messages as the API takes and shows them.

use school::FieldErrors;
use school::Timestamp;
use school::messages::{self, Message, MessageInput};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which messages, and how many of them.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageQuery {
    /// How many messages on the page.
    #[param(minimum = 1, maximum = 200, default = 10)]
    pub(super) limit: Option<u64>,
    /// Where the page before ended: its `next`.
    pub(super) cursor: Option<String>,
}

/// A new message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    /// What it says: up to 1,000 characters, in several lines if need be.
    #[schema(
        min_length = 1,
        max_length = 1000,
        pattern = "^[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]*$",
        example = "Selamat pagi"
    )]
    message: String,
    /// The author's name; nobody checks it.
    #[schema(
        max_length = 50,
        pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$",
        example = "Ani"
    )]
    name: Option<String>,
}

/// A message.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageView<'a> {
    /// The message's number; later ones are higher.
    #[schema(minimum = 1)]
    id: i64,
    /// What it says.
    message: &'a str,
    /// The name that its author gave; absent if none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    name: Option<&'a str>,
    /// The number of the author, if they had signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    person_id: Option<i64>,
    /// When it was posted.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

/// One page of messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagePage<'a> {
    /// The messages, the newest first.
    pub(super) messages: Vec<MessageView<'a>>,
    /// How many were asked for.
    #[schema(minimum = 1, maximum = 200)]
    pub(super) limit: usize,
    /// How many messages there are in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64, required = false)]
    pub(super) total: Option<u64>,
    /// The cursor of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub(super) next: Option<String>,
}

impl NewMessage {
    pub(super) fn check(self) -> Result<messages::NewMessage, FieldErrors> {
        let input = MessageInput {
            message: self.message,
            name: self.name,
        };
        input.check()
    }
}

impl<'a> MessageView<'a> {
    pub(super) fn of(message: &'a Message) -> Self {
        Self {
            id: message.id,
            message: &message.message,
            name: message.name.as_deref(),
            person_id: message.person_id,
            created_at: message.created_at,
        }
    }
}
