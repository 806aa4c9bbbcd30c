//! How the fetching goes, read from the files: for a command beside the server, or without one.

use std::path::Path;

use jiff::Timestamp;

use super::plan::View;
use super::store::Store;
use crate::domains;
use crate::tls::{Served, TlsError};

/// How the fetching goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetching {
    /// The authority's directory.
    pub directory: String,
    /// The names that no certificate stands for; all of them when there is none.
    pub missing: Vec<String>,
    /// When a certificate is fetched next; in the past when a server would do it at once.
    pub next_attempt: Timestamp,
    /// What went wrong since the last success, and when, each fault told once and the latest first.
    pub errors: Vec<(Timestamp, String)>,
}

/// How the fetching goes, and the certificates it has brought: those that are served, the newest first.
pub(crate) fn inspect(
    directory: &str,
    domains: &[String],
    data: &Path,
    now: Timestamp,
) -> Result<(Fetching, Vec<Served>), TlsError> {
    let (store, domains) = (Store::inside(data), domains::lower(domains));
    let (state, served) = (store.state(), store.certificates(&domains, now)?);
    let view = View {
        state: &state,
        served: served.first(),
        domains: &domains,
        now,
    };
    let is_missing = |name: &&String| !served.iter().any(|served| served.names.cover(name));
    let errors = state.faults(&domains).into_iter();
    let fetching = Fetching {
        directory: directory.to_owned(),
        missing: domains.iter().filter(is_missing).cloned().collect(),
        next_attempt: view.due(),
        errors: errors
            .map(|trouble| (trouble.last, trouble.error.clone()))
            .collect(),
    };
    Ok((fetching, served))
}
