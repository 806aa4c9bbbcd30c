//! Wrong usage, as opposed to a failure.

/// What a person typed can't be done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);
