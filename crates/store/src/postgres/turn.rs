//! Whose turn it is to make a backup, among all processes that have the same database.

use super::session::Session;
use super::{Options, walk};
use crate::archive::ArchiveError;

/// The lock is another one than those of writers and upgrades.
const TAKE: &str = "SELECT CASE WHEN pg_try_advisory_xact_lock(5786930145) THEN 1 ELSE 0 END";

/// As long as this lives, nobody else makes one.
pub(crate) struct BackupTurn {
    _session: Session,
}

impl BackupTurn {
    /// Fails if another has it.
    pub(crate) fn take(options: &Options) -> Result<Self, ArchiveError> {
        let session = Session::open(options)?;
        session.begin("", "")?;
        if walk::number(&session, TAKE)? == 1 {
            Ok(Self { _session: session })
        } else {
            Err(ArchiveError::OthersTurn(options.address.to_string()))
        }
    }
}
