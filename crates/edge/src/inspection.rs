//! How the certificate stands, read from the files: for a command beside the server, or without one.

use std::path::Path;

use jiff::Timestamp;

use crate::acme::{self, Fetching};
use crate::config::{Config, PairConfig};
use crate::tls::{Certificate, Served, TlsError};

/// The certificates that are served, or would be, and what is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// In the order in which they are chosen from. Empty before the first start, and before the first one is fetched,
    /// unless the local one is meant to be served.
    pub certificates: Vec<Certificate>,
    /// What becomes of it; `None` where none is fetched.
    pub fetching: Option<Fetching>,
}

/// Reads the operator's own certificates, else the fetched ones, else the local one.
pub fn inspect(
    config: &Config,
    domains: &[String],
    data: &Path,
    now: Timestamp,
) -> Result<Inspection, TlsError> {
    let own = config.tls.pairs().ok_or(TlsError::Half)?;
    if !own.is_empty() {
        let read = |pair: &PairConfig| Served::read(&pair.certificate, &pair.key);
        let all: Result<Vec<_>, _> = own.iter().map(read).collect();
        return Ok(Inspection::of(&all?));
    }
    if let Some(directory) = config
        .acme
        .directory
        .url()
        .filter(|_| config.fetches_certificates(domains))
    {
        let (fetching, served) = acme::inspect(directory, domains, data, now)?;
        return Ok(Inspection {
            fetching: Some(fetching),
            ..Inspection::of(&served)
        });
    }
    let tls = data.join("tls");
    let local = Served::find(&tls.join("leaf.pem"), &tls.join("leaf.key"))?;
    Ok(Inspection::of(local.as_slice()))
}

impl Inspection {
    fn of(served: &[Served]) -> Self {
        Self {
            certificates: served.iter().map(|served| served.said.clone()).collect(),
            fetching: None,
        }
    }
}
