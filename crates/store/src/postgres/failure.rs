//! The driver's and the server's errors in the words of the ports.

use school::StoreError;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// Constraints that hold a value once, and the field that they are told as.
const UNIQUE: [(&str, &str); 2] = [
    ("person_email_key_key", "email"),
    ("person_username_key_key", "username"),
];

/// Classes of codes that tell of a server that can't answer now: no connection, no resources, an operator's intervention, a
/// fault of its system, and of transactions that may be tried again.
const PASSING: [&str; 7] = ["08", "28", "40", "53", "55", "57", "58"];

/// What the error means for an operation.
pub(super) fn store_error(error: &Error) -> StoreError {
    let Some(found) = error.as_db_error() else {
        // Nothing of ours was refused: the connection is gone, or what came over it made no sense.
        return StoreError::Unavailable(cause(error).into());
    };
    let code = found.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        let constraint = found.constraint().unwrap_or_default();
        let field = UNIQUE.iter().find(|(name, _)| *name == constraint);
        return match field {
            Some((_, field)) => StoreError::Taken(field),
            None => StoreError::Corrupt(cause(error).into()),
        };
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        // The person that the row belongs to is not there, or not any more.
        return StoreError::NotFound;
    }
    if *code == SqlState::QUERY_CANCELED {
        return StoreError::TooSlow;
    }
    if *code == SqlState::DISK_FULL {
        return StoreError::Full(cause(error).into());
    }
    if is_passing(code) {
        return StoreError::Unavailable(cause(error).into());
    }
    StoreError::Corrupt(cause(error).into())
}

/// Another connection may do better: this one is gone, or leads to a server that is no longer in charge, or the statements
/// that were prepared on it do not hold any more.
pub(super) fn is_of_connection(error: &Error) -> bool {
    let Some(code) = error.code() else {
        return true;
    };
    let of_connection = [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DUPLICATE_PSTATEMENT,
        SqlState::FEATURE_NOT_SUPPORTED,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::PROTOCOL_VIOLATION,
    ];
    of_connection.contains(code) || code.code().starts_with("08")
}

fn is_passing(code: &SqlState) -> bool {
    *code == SqlState::READ_ONLY_SQL_TRANSACTION
        || *code == SqlState::IN_FAILED_SQL_TRANSACTION
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
        || PASSING.iter().any(|class| code.code().starts_with(class))
}

/// The error with what is below it: the driver's own words alone say little. Never the values of a statement, which an
/// error's detail would show.
pub(super) fn cause(error: &Error) -> String {
    if let Some(found) = error.as_db_error() {
        return format!("{} ({})", found.message(), found.code().code());
    }
    let mut text = error.to_string();
    let mut below = std::error::Error::source(error);
    while let Some(error) = below {
        text = format!("{text}: {error}");
        below = error.source();
    }
    text
}

/// The same failure for the next unit of the group.
pub(super) fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full(cause) => StoreError::Full(cause.to_string().into()),
        StoreError::Corrupt(cause) => StoreError::Corrupt(cause.to_string().into()),
        StoreError::Unavailable(cause) => StoreError::Unavailable(cause.to_string().into()),
        other => StoreError::Unavailable(other.to_string().into()),
    }
}
