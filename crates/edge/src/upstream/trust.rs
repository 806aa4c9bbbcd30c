//! Whose certificates are believed when a target speaks TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

use crate::config::{Address, Host, Protocol, UpstreamConfig};

/// Why no target can be believed, and what to do.
#[derive(Debug, Error)]
pub enum TrustError {
    /// The file can't be read or holds no certificate.
    #[error("can't use `ca_file` {0}: {1}; name a PEM file with the authority's certificate")]
    File(PathBuf, String),
    /// The system has no authorities.
    #[error("this system has no certificate authorities: name the targets' own in `ca_file`")]
    NoRoots,
    /// The cryptography refused.
    #[error("can't set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

/// How to speak TLS with one target.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) config: Arc<ClientConfig>,
    pub(crate) name: ServerName<'static>,
}

impl Tls {
    /// `None` if the target's address is of no use as a name, which its check has ruled out.
    pub(crate) fn of(config: &Arc<ClientConfig>, address: &Address) -> Option<Self> {
        let name = match &address.host {
            Host::Ip(address) => ServerName::from(*address),
            Host::Name(name) => ServerName::try_from(name.to_string()).ok()?,
        };
        Some(Self {
            config: Arc::clone(config),
            name,
        })
    }
}

/// TLS 1.2 and 1.3 with the upstream's protocol, believing the authorities of the file, or of the system.
pub(crate) fn client_config(upstream: &UpstreamConfig) -> Result<Arc<ClientConfig>, TrustError> {
    let roots = match &upstream.ca_file {
        Some(path) => from_file(path)?,
        None => from_system()?,
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = match upstream.protocol {
        Protocol::Http1 => vec![b"http/1.1".to_vec()],
        Protocol::Http2 => vec![b"h2".to_vec()],
    };
    Ok(Arc::new(config))
}

fn from_file(path: &Path) -> Result<RootCertStore, TrustError> {
    let explain = |why: String| TrustError::File(path.to_owned(), why);
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| explain(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| explain(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| explain(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(explain("it holds no certificate".to_owned()));
    }
    Ok(roots)
}

fn from_system() -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    // Systems carry a few that no longer meet the rules; the others count.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(TrustError::NoRoots);
    }
    Ok(roots)
}
