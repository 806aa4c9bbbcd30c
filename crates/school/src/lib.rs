//! The school: people, their sessions and tokens, messages and the audit trail. Types, rules, operations and ports; no I/O.
//!
//! An *operation* is a function that takes the [`Stores`], the [`Actor`] who asks and a checked input, decides
//! whether the actor may, and hands a *port* one unit of work together with its audit [`Change`].

pub mod actor;
pub mod audit;
#[cfg(feature = "contract")]
pub mod contract;
pub mod cursor;
pub mod field;
pub mod messages;
pub mod outbox;
pub mod page;
pub mod password;
pub mod people;
pub mod reading;
pub mod repeat;
pub mod role;
pub mod secret;
pub mod sessions;
pub mod settings;
pub mod store_error;
pub mod stores;
pub mod time;
pub mod tokens;

pub use actor::{Actor, Who};
pub use audit::Change;
pub use field::{FieldError, FieldErrors};
pub use page::Limit;
pub use people::{Person, PersonId};
pub use repeat::{Done, Inserted, Repeat};
pub use role::Role;
pub use store_error::StoreError;
pub use stores::Stores;
pub use time::{Clock, Timestamp};
