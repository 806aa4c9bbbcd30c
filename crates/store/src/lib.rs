//! Records in SQL: SQLite, PostgreSQL, migrations and units of work.
//!
//! Each port is written once, over an `engine::Engine`: it makes `unit::Unit`s and queries in the SQL that every engine
//! speaks. An engine runs them: [`sqlite`] needs no server, [`postgres`] has one that many processes share.

pub mod archive;
mod audit;
pub mod backup;
mod bans;
pub mod copying;
mod engine;
mod messages;
mod migrations;
mod open_error;
mod opened;
mod outbox;
mod people;
pub mod postgres;
mod recent;
mod repeat;
mod sessions;
mod settings;
pub mod sqlite;
mod status;
mod tokens;
mod unit;
mod value;

pub use engine::Turn;
pub use migrations::newest as newest_schema;
pub use open_error::OpenError;
pub use opened::Opened;
pub use status::Status;
