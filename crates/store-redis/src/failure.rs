//! What the driver's errors mean to the school.

use redis::{ErrorKind, RedisError, ServerErrorKind};
use school::StoreError;

/// What becomes of the connection on which something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The connection is fine.
    Answer,
    /// Another connection may do better, at once.
    Connection,
    /// The server is silent: asking again would only wait again.
    Silence,
}

pub(crate) fn blame(error: &RedisError) -> Blame {
    if error.is_timeout() {
        return Blame::Silence;
    }
    match error.kind() {
        // In a failover the one that was in charge is so no more.
        ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown) => {
            Blame::Connection
        }
        _ if error.is_io_error() || error.is_unrecoverable_error() => Blame::Connection,
        _ => Blame::Answer,
    }
}

/// The driver's words; passwords are never among them.
pub(crate) fn told(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::AuthenticationFailed => {
            "it refuses the user or the password: look at the file that the key with `_password_file` names".to_owned()
        }
        _ => match error.code() {
            Some("NOAUTH") => {
                "it asks for a password: name its file in the key with `_password_file`".to_owned()
            }
            _ => error.to_string(),
        },
    }
}

pub(crate) fn store_error(error: &RedisError) -> StoreError {
    match error.code() {
        // Its memory is used up, or it can't write its file.
        Some("OOM" | "MISCONF") => StoreError::Full(told(error).into()),
        Some("WRONGTYPE") => corrupt(told(error)),
        _ => match error.kind() {
            ErrorKind::UnexpectedReturnType | ErrorKind::Server(ServerErrorKind::CrossSlot) => {
                corrupt(told(error))
            }
            _ => StoreError::Unavailable(told(error).into()),
        },
    }
}

/// The server holds what we never wrote.
pub(crate) fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt(what.into().into())
}
