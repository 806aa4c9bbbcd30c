//! How the certificate stands, read from the files: for a command beside the server, or without one.

use std::path::Path;

use jiff::Timestamp;

use crate::acme::{self, Fetching};
use crate::config::Config;
use crate::tls::{Served, TlsError};

/// The certificate that is served, or would be, and what is to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// `None` before the first start, and before the first one is fetched, unless the local one is meant to be served.
    pub certificate: Option<Certificate>,
    /// What becomes of it; `None` where none is fetched.
    pub fetching: Option<Fetching>,
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The names and addresses that it stands for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// When it ends.
    pub not_after: Timestamp,
}

/// Reads the operator's own certificate, else the fetched one, else the local one.
pub fn inspect(
    config: &Config,
    domains: &[String],
    data: &Path,
    now: Timestamp,
) -> Result<Inspection, TlsError> {
    if let (Some(certificate), Some(key)) = (&config.tls.certificate, &config.tls.key) {
        return Ok(Inspection {
            certificate: Some(describe(&Served::read(certificate, key)?)),
            fetching: None,
        });
    }
    if let Some(directory) = config
        .acme
        .directory
        .url()
        .filter(|_| config.fetches_certificates(domains))
    {
        let (fetching, served) = acme::inspect(directory, domains, data, now)?;
        return Ok(Inspection {
            certificate: served.as_ref().map(describe),
            fetching: Some(fetching),
        });
    }
    let tls = data.join("tls");
    let local = Served::find(&tls.join("leaf.pem"), &tls.join("leaf.key"))?;
    Ok(Inspection {
        certificate: local.as_ref().map(describe),
        fetching: None,
    })
}

fn describe(served: &Served) -> Certificate {
    Certificate {
        names: served.names.texts(),
        issuer: served.issuer.clone(),
        not_after: served.not_after,
    }
}
