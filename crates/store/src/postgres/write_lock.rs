//! Keeping everybody from writing to a database for a while.

use super::Options;
use super::session::Session;
use crate::archive::{ArchiveError, table};

/// The lock of our writers, who would wait for tables with others in their transaction.
const WRITERS: &str = "SELECT pg_advisory_xact_lock(5786930142)";

/// As long as it lives nobody else writes what archives hold: who tries waits, and is told after some seconds that it can't
/// be done now. Everybody may read.
pub(crate) struct WriteLock {
    _session: Session,
}

impl WriteLock {
    /// Waits for the writes that are being done.
    pub(crate) fn take(options: &Options) -> Result<Self, ArchiveError> {
        let session = Session::open(options)?;
        let names: Vec<_> = table::all().into_iter().map(|table| table.name).collect();
        let lock = format!("LOCK TABLE {} IN SHARE MODE", names.join(", "));
        session.begin("", &format!("{WRITERS}; {lock}"))?;
        Ok(Self { _session: session })
    }
}
