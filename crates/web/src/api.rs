//! The REST API: JSON in, JSON out, problem documents for every failure.

mod failures;
pub(crate) mod health;
mod link;
pub(crate) mod messages;
pub(crate) mod paging;
mod reply;
mod schema;
pub(crate) mod tokens;
pub(crate) mod users;
