//! What handlers take from a request; a fault becomes an [`crate::error::Error`] that names it.

mod body;
mod caller;
mod entity_tag;
mod form;
mod json;
mod pairs;
mod path;
mod query;
mod repeat;
mod signed_in;

pub(crate) use caller::{Caller, Sender, client};
pub(crate) use entity_tag::{IfMatch, IfNoneMatch, entity_tag};
pub(crate) use form::Form;
pub(crate) use json::{Json, MergePatch};
pub(crate) use path::Path;
pub(crate) use query::{NoQuery, Query};
pub(crate) use repeat::RepeatKey;
pub(crate) use signed_in::{AnySession, Guest, SignedIn};
