//! Messages, sessions, bans, news of changes and shared limits on Redis.
//!
//! What is kept here is written by scripts, each of which does one thing whole: the effect, the remembered request, and the
//! change for the audit trail, which is told of it as soon as it can be (`untold`). People stay in the records.

mod address;
mod bans;
mod connection;
mod endings;
mod failure;
mod keys;
mod levels;
mod link;
mod messages;
mod near;
mod news;
mod opened;
mod people;
mod restored;
mod sessions;
mod shared;
mod status;
mod together;
mod untold;

pub use address::Address;
pub use opened::Redis;
pub use status::Status;
