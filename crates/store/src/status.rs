//! What a store says of itself.

/// What a store says of itself, for the status page and `pendopo doctor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The engine's name.
    pub engine: &'static str,
    /// The engine's version.
    pub version: String,
    /// The database's file, or its address.
    pub database: String,
    /// The number of the last migration.
    pub schema: i64,
    /// The size of the database, in bytes.
    pub size: u64,
    /// The size of the log of writes that are durable but not in that file yet, in bytes.
    pub log_size: u64,
    /// The room left on the disk, in bytes; unknown where it is a server's.
    pub room: Option<u64>,
    /// Whether the process before ended without closing the database.
    pub was_unclean: bool,
    /// What only this engine has to say, by name.
    pub more: Vec<(&'static str, String)>,
}
