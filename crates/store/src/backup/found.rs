//! A file where backups are kept.

/// As a folder or a bucket lists it.
pub(super) struct Found {
    pub(super) name: String,
    pub(super) size: u64,
}
