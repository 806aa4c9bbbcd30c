//! One certificate with its key, read from files and ready for handshakes.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use super::{Certificate, Names, TlsError};
use crate::files;

/// Where a certificate comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// From files of the operator's.
    Own,
    /// From the local authority.
    Local,
    /// From an authority that speaks ACME.
    Fetched,
}

/// A certificate and what the edge needs to know of it.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) names: Names,
    pub(crate) said: Certificate,
    /// Whether an authority that browsers may know issued it: not the local one, and not itself.
    pub(crate) is_real: bool,
    pub(crate) source: Source,
    /// The key identifier of the authority that signed it.
    pub(crate) authority: Option<Vec<u8>>,
}

impl Served {
    /// Reads a certificate of the operator's own.
    pub(crate) fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let missing =
            |path: &Path| TlsError::File(path.to_owned(), std::io::ErrorKind::NotFound.into());
        Self::find(certificate, key)?.ok_or_else(|| {
            missing(if certificate.exists() {
                key
            } else {
                certificate
            })
        })
    }

    /// Reads a certificate and its key; `None` when either file is not there.
    pub(crate) fn find(certificate: &Path, key: &Path) -> Result<Option<Self>, TlsError> {
        let read =
            |path: &Path| files::read(path).map_err(|error| TlsError::File(path.to_owned(), error));
        let (Some(chain_pem), Some(key_pem)) = (read(certificate)?, read(key)?) else {
            return Ok(None);
        };
        Self::understand((certificate, &chain_pem), (key, &key_pem)).map(Some)
    }

    /// Makes one of what stands in two files; their paths are for the complaint.
    pub(crate) fn understand(
        (certificate, chain_pem): (&Path, &[u8]),
        (key, key_pem): (&Path, &[u8]),
    ) -> Result<Self, TlsError> {
        let broken_chain =
            |error: String| TlsError::Broken(certificate.to_owned(), "certificate", error);
        let broken_key = |error: String| TlsError::Broken(key.to_owned(), "private key", error);
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain_pem).collect();
        let chain = chain.map_err(|error| broken_chain(error.to_string()))?;
        let leaf = chain
            .first()
            .ok_or_else(|| broken_chain("no CERTIFICATE block in it".to_owned()))?
            .clone();
        let secret = PrivateKeyDer::from_pem_slice(key_pem)
            .map_err(|error| broken_key(error.to_string()))?;
        let (_, leaf) =
            X509Certificate::from_der(&leaf).map_err(|error| broken_chain(error.to_string()))?;
        let pair = CertifiedKey::from_der(chain.clone(), secret, &aws_lc_rs::default_provider());
        let pair = pair.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch(certificate.to_owned(), key.to_owned())
            }
            other => broken_key(other.to_string()),
        })?;
        Ok(Self::describe(pair, &leaf))
    }

    fn describe(pair: CertifiedKey, leaf: &X509Certificate<'_>) -> Self {
        Self {
            key: Arc::new(pair),
            names: Names::of(leaf),
            said: Certificate::of(leaf),
            source: Source::Own,
            is_real: leaf.issuer() != leaf.subject(),
            authority: authority(leaf),
        }
    }
}

fn authority(leaf: &X509Certificate<'_>) -> Option<Vec<u8>> {
    leaf.extensions()
        .iter()
        .find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                id.key_identifier.as_ref().map(|id| id.0.to_vec())
            }
            _ => None,
        })
}
